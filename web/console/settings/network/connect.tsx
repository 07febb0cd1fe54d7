// Connecting a network: its form, a test that says whose account it is, a name, and what the handle is there for.
import { useSignal } from '@preact/signals'
import { Icon } from '../../ui/icon'
import { Button, Problem, Spinner } from '../../ui/parts'
import { post } from '../../lib/api'
import { locale, t } from '../../lib/i18n'
import { uuid } from '../../lib/ids'
import { nt } from '../../lib/network_words'
import type { Checked, Network } from '../../lib/network_types'
import { go } from '../../lib/router'
import type { Channel } from '../../lib/types'
import { networks } from '../../state/networks'
import { refreshChannels } from '../../state/reference'
import { complain } from '../../state/toasts'
import { FormError, PageTitle, SecretOnce, Section, useSaving, type Saving } from '../common'
import { languagesOf, NameAndLanguages, RoleChoice, type HandleRole } from './account_fields'
import { accountName, AccountChoice, CheckResult } from './check'
import { NetworkForm } from './form'
import { Steps } from './hook'
import { signInPage, titleOf } from './words'
import { WayChoice, type Way } from './way'
import { settingsOf, type Written } from './written'

function Made({ channel, network }: { channel: Channel; network: Network }) {
  const open = (): void => go('/settings/channels/' + channel.id)
  return (
    <>
      <p class="settings-good" role="status"><Icon name="check" size={16} /> {nt('connect.done', { network: titleOf(network) })}</p>
      {channel.hook_url && channel.secret ? <SecretOnce label={nt(channel.kind === 'email' ? 'hook.mail_secret_label' : 'hook.token')} secret={channel.secret} onDone={open} /> : null}
      <Button tone="primary" onClick={open}>{t('channels.set_up')}</Button>
    </>
  )
}

/** What is written for a new channel, and the steps that send it. */
function useConnecting(network: Network, saving: Saving) {
  const way = useSignal<Way>('network')
  const written = useSignal<Written>({})
  const name = useSignal('')
  const languages = useSignal('')
  const role = useSignal<HandleRole>(null)
  const checked = useSignal<Checked | null>(null)
  const chosen = useSignal<string | null>(null)
  const made = useSignal<Channel | null>(null)
  const key = useSignal(uuid())
  const settings = (): Record<string, unknown> => way.peek() === 'capture' ? { way: 'capture' } : Object.fromEntries(Object.entries(settingsOf(network, written.peek())).filter(([, value]) => value !== null))
  const test = (): Promise<boolean> =>
    saving.save(async () => {
      checked.value = null
      const found = await post<Checked>('/channels/check', { kind: network.kind, settings: settings() })
      checked.value = found
      chosen.value = found.accounts[0]?.external_id ?? null
      if (!name.peek() && found.accounts[0]) name.value = accountName(found.accounts[0]).slice(0, 80)
    }, '')
  const create = (): Promise<boolean> =>
    saving.save(async () => {
      const account = way.peek() === 'capture' ? undefined : checked.peek()?.accounts.find((one) => one.external_id === chosen.peek())
      const channel = await post<Channel>('/channels', {
        kind: network.kind, name: name.peek().trim(), languages: languagesOf(languages.peek()), settings: settings(),
        ...(account ? { external_id: account.external_id, handle: account.handle } : {}),
        ...(role.peek() ? { handle_role: role.peek() } : {}),
      }, key.peek())
      // Brings what belongs to the chosen account: a page's own token. What it says when it does not work stands at the channel.
      if (account) await post<Checked>(`/channels/${channel.id}/check`).catch(() => undefined)
      made.value = channel
      refreshChannels()
    }, '').finally(() => void (key.value = uuid()))
  const authorise = (): void => {
    void saving.save(async () => {
      const answer = await post<{ url: string }>('/authorizations', { kind: network.kind, name: name.peek().trim() || network.title, settings: settings() })
      if (!/^https?:\/\//.test(answer.url)) throw new Error(nt('connect.no_page'))
      location.assign(answer.url)
    }, '')
  }
  return { way, written, name, languages, role, checked, chosen, made, test, create, authorise }
}

function ConnectForm({ network }: { network: Network }) {
  const saving = useSaving()
  const it = useConnecting(network, saving)
  if (it.made.value) return <Made channel={it.made.value} network={network} />
  const isByHand = it.way.value === 'capture'
  const page = isByHand ? null : signInPage(network, it.written.value['sign_in'])
  const accounts = it.checked.value?.outcome === 'sent' ? it.checked.value.accounts : []
  const isNamed = saving.field.value?.startsWith('settings.') ?? false
  return (
    <form class="network-form" onSubmit={(event) => { event.preventDefault(); void it.create() }}>
      {network.kind === 'email' ? null : <WayChoice way={it.way} />}
      {network.approval && !isByHand ? <p class="settings-warn"><Icon name="shield" size={16} /> <span {...(locale.value === 'en' ? {} : { lang: 'en', dir: 'ltr' })}>{network.approval}</span></p> : null}
      {isByHand ? null : <Section title={nt('connect.credentials')} hint={nt('connect.credentials_hint')}>
        <Steps kind={network.kind} />
        <NetworkForm network={network} stored={{}} secrets={{}} written={it.written} field={saving.field.value} error={saving.error.value} note={it.checked.value?.note ?? null} />
        <Button icon="bolt" disabled={saving.isBusy.value} onClick={() => void it.test().catch(complain)}>{nt('check.test')}</Button>
        {it.checked.value ? <CheckResult checked={it.checked.value} kind={network.kind} /> : null}
        {accounts.length > 1 ? <AccountChoice accounts={accounts} chosen={it.chosen} /> : null}
      </Section>}
      <Section title={nt('connect.account')}>
        <NameAndLanguages name={it.name} languages={it.languages} />
        {network.kind === 'email' ? null : <RoleChoice role={it.role} />}
      </Section>
      {isNamed ? <p class="form-error" role="alert">{nt('connect.look_above')}</p> : <FormError saving={saving} />}
      <div class="network-actions">
        {page ? <Button tone="primary" icon="external" disabled={saving.isBusy.value} onClick={it.authorise}>{nt('connect.at_network', { network: page })}</Button> : null}
        <Button type="submit" tone={page ? 'plain' : 'primary'} disabled={saving.isBusy.value}>{page ? nt('connect.with_these') : nt('connect.go')}</Button>
      </div>
    </form>
  )
}

export function Connect({ kind }: { kind: string }) {
  const all = networks()
  const network = all?.find((one) => one.kind === kind)
  if (!network) return all ? <Problem text={nt('connect.unknown')} onRetry={() => go('/settings/channels/new')} /> : <Spinner />
  return (
    <>
      <PageTitle title={nt('connect.title', { network: titleOf(network) })}>
        <Button icon="back" onClick={() => go('/settings/channels/new')}>{t('channels.new')}</Button>
      </PageTitle>
      <ConnectForm network={network} />
    </>
  )
}
