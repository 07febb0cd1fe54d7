// The page of a channel that is connected to a network.
import { useSignal } from '@preact/signals'
import { useRef } from 'preact/hooks'
import { Button, Field, Problem, Spinner } from '../../ui/parts'
import { post } from '../../lib/api'
import { t } from '../../lib/i18n'
import { nt } from '../../lib/network_words'
import { worksByHand, type Checked, type Network } from '../../lib/network_types'
import type { Channel } from '../../lib/types'
import { networks } from '../../state/networks'
import { toast } from '../../state/toasts'
import { FormError, patchChannel, Section, useSaving, useWritten } from '../common'
import { languagesOf, NameAndLanguages, RoleChoice, type HandleRole } from './account_fields'
import { CheckResult } from './check'
import { NetworkForm } from './form'
import { Health, LimitedBanner, RefusedBanner } from './health'
import { Hook, MailboxHook, MailHook } from './hook'
import { Ledger } from './ledger'
import { Templates } from './templates'
import { wayOf, WaySection, type Way } from './way'
import { settingsOf, type Written } from './written'
import { signInPage } from './words'
import { lazyPart } from '../../ui/lazy'

const Letters = lazyPart(() => import('../letters').then((module) => module.Letters))
const MailKey = lazyPart(() => import('./mail_key').then((module) => module.MailKey))
const MailTemplates = lazyPart(() => import('./mail_templates').then((module) => module.MailTemplates))

interface Props { channel: Channel; network: Network; onChange: (next: Channel) => void }

function Account({ channel, onChange }: Props) {
  const saving = useSaving()
  const name = useWritten(channel.name)
  const languages = useWritten(channel.languages.join(', '))
  const handle = useWritten(channel.handle ?? '')
  const role = useWritten<HandleRole>(channel.handle_role ?? null)
  // It has an address, and no handle beside it.
  const isMailbox = channel.kind === 'email'
  const save = (): void => {
    void saving.save(async () => onChange(await patchChannel(channel.id, {
      name: name.peek().trim(), languages: languagesOf(languages.peek()), handle: handle.peek().trim() || null, handle_role: role.peek(),
    })))
  }
  return (
    <Section title={nt('connect.account')}>
      <form class="network-form" onSubmit={(event) => { event.preventDefault(); save() }}>
        <NameAndLanguages name={name} languages={languages} />
        {isMailbox ? null : <Field label={nt('handle.title')} hint={channel.external_id ? nt('handle.id', { id: channel.external_id }) : undefined}>
          {(props) => <input {...props} type="text" dir="ltr" maxLength={255} placeholder="@BrandHelp" value={handle} onInput={(event) => void (handle.value = event.currentTarget.value)} />}
        </Field>}
        {isMailbox ? null : <RoleChoice role={role} />}
        <FormError saving={saving} />
        <Button type="submit" tone="primary" disabled={saving.isBusy.value}>{t('common.save')}</Button>
      </form>
    </Section>
  )
}

function Credentials({ channel, network, onChange }: Props) {
  const saving = useSaving()
  const written = useSignal<Written>({})
  const checked = useSignal<Checked | null>(null)
  const isBack = worksByHand(channel)
  const settings = (): Record<string, unknown> => ({ ...settingsOf(network, written.peek()), ...(isBack ? { way: null } : {}) })
  const hasChanges = isBack || Object.keys(written.value).length > 0
  const test = (): void => {
    void saving.save(async () => {
      checked.value = null
      checked.value = await post<Checked>('/channels/check', { kind: channel.kind, channel_id: channel.id, settings: settings() })
    }, '')
  }
  const save = (): void => {
    void saving.save(async () => {
      const sent = written.peek()
      onChange(await patchChannel(channel.id, { settings: settings() }))
      // What was written meanwhile is not saved yet.
      written.value = Object.fromEntries(Object.entries(written.peek()).filter(([name, value]) => sent[name] !== value))
    })
  }
  const authorise = (): void => {
    void saving.save(async () => {
      const answer = await post<{ url: string }>('/authorizations', { kind: channel.kind, name: channel.name, settings: settings(), channel_id: channel.id })
      if (!/^https?:\/\//.test(answer.url)) throw new Error(nt('connect.no_page'))
      location.assign(answer.url)
    }, '')
  }
  const page = signInPage(network, written.value['sign_in'] || (channel.settings as Record<string, unknown>)['sign_in'])
  return (
    <form class="network-form" onSubmit={(event) => { event.preventDefault(); save() }}>
      <NetworkForm key={JSON.stringify(channel.secrets)} network={network} stored={channel.settings as Record<string, unknown>} secrets={channel.secrets ?? {}} written={written} field={saving.field.value} error={saving.error.value} note={checked.value?.note ?? null} />
      {saving.field.value?.startsWith('settings.') ? null : <FormError saving={saving} />}
      <div class="network-actions">
        <Button type="submit" tone="primary" disabled={saving.isBusy.value || !hasChanges}>{t('common.save')}</Button>
        <Button icon="bolt" disabled={saving.isBusy.value || !hasChanges} onClick={test}>{nt('check.test_these')}</Button>
        {page ? <Button icon="external" disabled={saving.isBusy.value} onClick={authorise}>{nt('connect.at_network', { network: page })}</Button> : null}
      </div>
      {checked.value ? <CheckResult checked={checked.value} kind={channel.kind} /> : null}
    </form>
  )
}

/** What only a channel has that its network talks to. */
/** Of a mailbox to which mails are only posted nothing is read that could be compared. */
const isRead = (channel: Channel) => channel.kind !== 'email' || Boolean((channel.settings as Record<string, unknown>).imap_host)

function OverNetwork({ channel, network }: { channel: Channel; network: Network }) {
  return (
    <>
      {channel.kind === 'email' ? <MailboxHook channel={channel} /> : <Hook channel={channel} network={network} />}
      {channel.kind === 'email' ? <MailTemplates channel={channel.id} /> : null}
      {network.able.includes('templates') ? <Templates channel={channel.id} /> : null}
      {isRead(channel) ? <Ledger channel={channel.id} hint={nt(channel.kind === 'email' ? 'ledger.hint_mail' : 'ledger.hint')} /> : null}
      {channel.kind === 'email' ? <Letters channel={channel.id} /> : null}
    </>
  )
}

export function NetworkChannel({ channel, onChange, onReload }: { channel: Channel; onChange: (next: Channel) => void; onReload: () => void }) {
  const credentials = useRef<HTMLDivElement>(null)
  const way = useWritten<Way>(wayOf(channel))
  const all = networks()
  const network = all?.find((one) => one.kind === channel.kind)
  if (!network) return all ? <Problem text={nt('connect.unknown')} /> : <Spinner />
  const props = { channel, network, onChange }
  const renew = (): void => {
    credentials.current?.scrollIntoView({ block: 'start' })
    credentials.current?.querySelector<HTMLElement>('button, input')?.focus()
    toast(nt('refused.here'))
  }
  return (
    <>
      <RefusedBanner channel={channel} network={network} onRenew={renew} />
      <LimitedBanner channel={channel} network={network} />
      {worksByHand(channel) ? null : <Health channel={channel} onChange={onReload} />}
      {channel.kind === 'email' && !worksByHand(channel) ? null : <WaySection channel={channel} way={way} onChange={onChange} />}
      <Account {...props} />
      {way.value === 'network' ? (
        <Section title={nt('connect.credentials')} hint={nt('connect.credentials_hint')}>
          <div ref={credentials}><Credentials {...props} /></div>
        </Section>
      ) : null}
      {channel.kind === 'email' && way.value === 'network' ? <MailKey channel={channel} onReload={onReload} /> : null}
      {worksByHand(channel) ? <MailHook channel={channel} /> : <OverNetwork channel={channel} network={network} />}
    </>
  )
}
