// Channels: the list, making one, and each one's own page. What networks need is in network/.
import { useSignal } from '@preact/signals'
import { useEffect, useState } from 'preact/hooks'
import { Button, Chip, Dialog, Facts, Field, Problem, Spinner, Switch, Words } from '../ui/parts'
import { Icon } from '../ui/icon'
import { ChannelSign } from '../ui/network'
import { del, post } from '../lib/api'
import { age } from '../lib/format'
import { t } from '../lib/i18n'
import { uuid } from '../lib/ids'
import { isNetwork, worksByHand } from '../lib/network_types'
import { nt } from '../lib/network_words'
import { BASE, go, route } from '../lib/router'
import type { Channel, ChannelKind } from '../lib/types'
import { networkOf } from '../state/networks'
import { refreshChannels } from '../state/reference'
import { channels } from '../state/store'
import { complain } from '../state/toasts'
import { ApiChannel } from './api_channel'
import { AskButton, FormError, PageTitle, patchChannel, SecretOnce, Section, useSaving } from './common'
import { useChannel } from './live_channel'
import { NetworkChannel } from './network/channel'
import { Connect } from './network/connect'
import { Gallery } from './network/gallery'
import { ChooseAccount, Refused, takeAnswer } from './network/returned'
import { wayName, wayOf } from './network/way'
import { titleOf } from './network/words'
import { WidgetEditor } from './widget_editor'

export function kindName(kind: ChannelKind): string {
  if (isNetwork(kind)) return titleOf(networkOf(kind) ?? { kind, title: kind })
  return kind === 'widget' ? t('channels.widget') : t('channels.api')
}

function NewChannel({ first, onClose }: { first: 'widget' | 'api'; onClose: () => void }) {
  const saving = useSaving()
  const kind = useSignal<ChannelKind>(first)
  const name = useSignal('')
  const made = useSignal<Channel | null>(null)
  const key = useSignal(uuid())
  const secret = made.value?.secret ?? made.value?.identity_secret
  const open = (): void => {
    onClose()
    if (made.value) go('/settings/channels/' + made.value.id)
  }
  return (
    <Dialog label={t('channels.new')} onClose={onClose} class="dialog-small">
      <h2>{t('channels.new')}</h2>
      {made.value ? (
        <>
          {secret ? <SecretOnce label={made.value.secret ? t('channels.secret') : t('channels.identity_secret')} secret={secret} onDone={open} /> : null}
          <div class="dialog-actions"><Button tone="primary" onClick={open}>{t('channels.set_up')}</Button></div>
        </>
      ) : (
        <form onSubmit={(event) => { event.preventDefault(); void saving.save(async () => { made.value = await post<Channel>('/channels', { kind: kind.value, name: name.value.trim() }, key.value); refreshChannels() }, '').then(() => void (key.value = uuid())) }}>
          <fieldset class="kinds">
            <legend>{t('channels.kind')}</legend>
            {(['widget', 'api'] as const).map((one) => (
              <label key={one} class={kind.value === one ? 'kind kind-on' : 'kind'}>
                <input type="radio" name="kind" checked={kind.value === one} onChange={() => void (kind.value = one)} />
                <Icon name={one === 'widget' ? 'chat' : 'code'} size={22} />
                <span><strong>{kindName(one)}</strong><small>{one === 'widget' ? t('channels.widget_hint') : t('channels.api_hint')}</small></span>
              </label>
            ))}
          </fieldset>
          <Field label={t('channels.name')}>{(props) => <input {...props} type="text" required maxLength={80} dir="auto" value={name} onInput={(event) => void (name.value = event.currentTarget.value)} />}</Field>
          <FormError saving={saving} />
          <div class="dialog-actions">
            <Button onClick={onClose}>{t('common.cancel')}</Button>
            <Button type="submit" tone="primary" disabled={saving.isBusy.value}>{t('channels.create')}</Button>
          </div>
        </form>
      )}
    </Dialog>
  )
}

/** A mailbox works one way only. */
const wayWord = (channel: Channel): string => (isNetwork(channel.kind) && (channel.kind !== 'email' || worksByHand(channel)) ? wayName(wayOf(channel)) : '')

function health(channel: Channel): string {
  const { health: state } = channel
  if (!state?.last_in_at) return t('channels.silent')
  return t('channels.last_in', { age: age(state.last_in_at) })
}

export function Channels() {
  const current = route.value
  const item = current.page === 'settings' ? current.item : null
  const own = useSignal<'widget' | 'api' | null>(null)
  const [returned] = useState(takeAnswer)
  useEffect(refreshChannels, [])
  if (item === 'new') {
    return (
      <>
        <Gallery onOwn={(kind) => void (own.value = kind)} />
        {own.value ? <NewChannel first={own.value} onClose={() => void (own.value = null)} /> : null}
      </>
    )
  }
  if (item?.startsWith('connect-')) return <Connect key={item} kind={item.slice('connect-'.length)} />
  if (item) return <OneChannel key={item} id={item} isConnected={returned.isConnected} />
  return (
    <>
      <PageTitle title={t('settings.channels')} hint={t('channels.hint')}>
        <Button tone="primary" icon="plus" onClick={() => go('/settings/channels/new')}>{t('channels.new')}</Button>
      </PageTitle>
      {returned.error ? <Refused words={returned.error} /> : null}
      {returned.authorization ? <ChooseAccount state={returned.authorization} /> : null}
      {channels.value.length === 0 ? <p class="settings-empty">{t('empty.no_channel')}</p> : null}
      <ul class="rows">
        {channels.value.map((one) => (
          <li key={one.id} class="rows-row">
            <span class="rows-icon"><ChannelSign kind={one.kind} size={22} /></span>
            <span class="rows-main">
              <strong><a href={`${BASE}/settings/channels/${one.id}`}><Words text={one.name} /></a></strong>
              <small><Facts of={[kindName(one.kind), wayWord(one), one.handle === one.name ? null : one.handle, health(one)]} /></small>
              {one.health?.last_error ? <small class="rows-bad"><Words text={one.health.last_error} /></small> : null}
            </span>
            {worksByHand(one) ? null : <PaceChip channel={one} />}
            {one.is_enabled ? <Chip tone="good" icon="check">{t('channels.on')}</Chip> : <Chip>{t('channels.off')}</Chip>}
            <Button small onClick={() => go('/settings/channels/' + one.id)}>{t('channels.set_up')}</Button>
          </li>
        ))}
      </ul>
    </>
  )
}

/** Why a channel sends nothing now, when that is so. */
function PaceChip({ channel }: { channel: Channel }) {
  switch (channel.auth?.state === 'refused' ? 'refused' : channel.pace?.state) {
    case 'refused':
      return <Chip tone="urgent" icon="alert">{nt('pace.chip_refused')}</Chip>
    case 'failing':
      return <Chip tone="warn" icon="alert">{nt('pace.chip_failing')}</Chip>
    case 'limit':
      return <Chip tone="warn" icon="clock">{nt('pace.chip_limit')}</Chip>
    default:
      return channel.auth?.state === 'limited' ? <Chip tone="warn" icon="alert">{nt('limited.chip')}</Chip> : null
  }
}

function OneChannel({ id, isConnected }: { id: string; isConnected: boolean }) {
  const { channel, problem, load, take: takeTold } = useChannel(id)
  const now = channel.value
  if (problem.value) return <Problem text={problem.value} onRetry={load} />
  if (!now) return <Spinner />
  const take = (next: Channel): void => {
    takeTold(next)
    refreshChannels()
  }
  return (
    <>
      <PageTitle title={now.name} hint={[kindName(now.kind), wayWord(now), health(now)].filter(Boolean).join(' · ')}>
        <Button icon="back" onClick={() => go('/settings/channels')}>{t('settings.channels')}</Button>
      </PageTitle>
      {now.health?.last_error && !isNetwork(now.kind) ? <p class="settings-warn"><Icon name="alert" size={16} /> <Words text={now.health.last_error} /></p> : null}
      {isConnected ? <p class="settings-good" role="status"><Icon name="check" size={16} /> {nt('connect.done', { network: kindName(now.kind) })}</p> : null}
      {isNetwork(now.kind) ? <NetworkChannel channel={now} onChange={take} onReload={load} /> : now.kind === 'widget' ? <WidgetEditor channel={now} onChange={take} /> : <ApiChannel channel={now} onChange={take} />}
      <Section title={t('channels.danger')}>
        <Switch label={t('channels.enabled')} hint={t('channels.enabled_hint')} checked={now.is_enabled} onChange={(is_enabled) => void patchChannel(id, { is_enabled }).then(take, complain)} />
        <AskButton label={t('channels.delete')} title={t('teams.delete', { name: now.name })} text={t('channels.delete_text')} onConfirm={() => void del('/channels/' + id).then(() => { refreshChannels(); go('/settings/channels') }, complain)} />
      </Section>
    </>
  )
}
