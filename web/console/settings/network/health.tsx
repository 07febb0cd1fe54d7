// How a channel is: when it last worked, how fast it may send now, what waits, and what it takes to mend it.
import { useSignal } from '@preact/signals'
import { Icon } from '../../ui/icon'
import { Button, Words } from '../../ui/parts'
import { post } from '../../lib/api'
import { age, dateTime, number } from '../../lib/format'
import { nt } from '../../lib/network_words'
import type { ChannelPace, Checked, Network } from '../../lib/network_types'
import type { Channel } from '../../lib/types'
import { complain } from '../../state/toasts'
import { Section } from '../common'
import { CheckResult } from './check'
import { signInPage, titleOf } from './words'

function paceText(pace: ChannelPace): string {
  switch (pace.state) {
    case 'open':
      return nt('pace.open')
    case 'limit':
      return pace.until ? nt('pace.limit', { time: dateTime(pace.until) }) : nt('pace.limited')
    case 'failing':
      return pace.until ? nt('pace.failing', { time: dateTime(pace.until) }) : nt('pace.fails')
    case 'refused':
      return nt('pace.refused')
  }
}

function Sending({ pace }: { pace: ChannelPace }) {
  const tone = pace.state === 'open' ? 'good' : pace.state === 'limit' ? 'warn' : 'bad'
  const icon = { good: 'check', warn: 'clock', bad: 'alert' } as const
  return <div><dt>{nt('health.pace')}</dt><dd class={`health-${tone}`}><Icon name={icon[tone]} size={15} /> {paceText(pace)}</dd></div>
}

function Budget({ pace }: { pace: ChannelPace }) {
  const { limit, left } = pace
  if (!limit || left === null) return null
  return (
    <div class="budget">
      <span id="budget-label">{nt('budget.title')}</span>
      <meter min={0} max={limit} low={limit * 0.2} high={limit * 0.5} optimum={limit} value={left} aria-labelledby="budget-label" />
      <span>{nt('budget.left', { left, limit })}{pace.reset_at ? ' · ' + nt('budget.reset', { time: dateTime(pace.reset_at) }) : ''}</span>
    </div>
  )
}

/** The network takes our credentials no more: nothing goes out until somebody gives new ones. */
export function RefusedBanner({ channel, network, onRenew }: { channel: Channel; network: Network; onRenew: () => void }) {
  if (channel.auth?.state !== 'refused' && channel.pace?.state !== 'refused') return null
  const waiting = channel.pace?.waiting ?? 0
  return (
    <div class="refused" role="alert">
      <Icon name="alert" size={18} />
      <div>
        <strong>{channel.kind === 'email' ? nt('refused.title_mail') : nt('refused.title', { network: network.title })}</strong>
        {channel.auth?.error ? <p dir="auto">{channel.auth.error}</p> : null}
        <p>{waiting ? nt('refused.waiting', { count: waiting }) : nt('refused.hint')}</p>
      </div>
      <Button tone="primary" onClick={onRenew}>{signInPage(network, (channel.settings as Record<string, unknown>)['sign_in']) ? nt('refused.renew') : nt('refused.replace')}</Button>
    </div>
  )
}

/** The account lacks something at its network: some or all of what is sent is refused until somebody sees to it there. */
export function LimitedBanner({ channel, network }: { channel: Channel; network: Network }) {
  if (channel.auth?.state !== 'limited' || channel.pace?.state === 'refused') return null
  return (
    <div class="refused" role="alert">
      <Icon name="alert" size={18} />
      <div>
        <strong>{nt('limited.title', { network: titleOf(network) })}</strong>
        {channel.auth.error ? <p dir="auto">{channel.auth.error}</p> : null}
        <p>{nt('limited.hint')}</p>
      </div>
    </div>
  )
}

export function Health({ channel, onChange }: { channel: Channel; onChange: () => void }) {
  const checked = useSignal<Checked | null>(null)
  const isBusy = useSignal(false)
  const { health, pace, auth } = channel
  const test = async (): Promise<void> => {
    isBusy.value = true
    checked.value = null
    try {
      checked.value = await post<Checked>(`/channels/${channel.id}/check`)
      onChange()
    } catch (error) {
      complain(error)
    }
    isBusy.value = false
  }
  const when = (time: string | null): string => (time ? nt('health.ago', { age: age(time), time: dateTime(time) }) : nt('health.never'))
  return (
    <Section title={nt('health.title')}>
      <dl class="health">
        <div><dt>{nt('health.last_in')}</dt><dd>{when(health?.last_in_at ?? null)}</dd></div>
        <div><dt>{nt('health.last_out')}</dt><dd>{when(health?.last_out_at ?? null)}</dd></div>
        {pace ? <Sending pace={channel.auth?.state === 'refused' ? { ...pace, state: 'refused' } : pace} /> : null}
        {pace ? <div><dt>{nt('health.waiting')}</dt><dd>{number(pace.waiting)}</dd></div> : null}
        {auth?.expires_at ? <div><dt>{nt('health.expires')}</dt><dd>{dateTime(auth.expires_at)}</dd></div> : null}
        {health?.last_error ? <div><dt>{nt('health.last_error')}</dt><dd class="health-bad"><Words text={health.last_error} /></dd></div> : null}
      </dl>
      {pace ? <Budget pace={pace} /> : null}
      <Button icon="bolt" disabled={isBusy.value} onClick={() => void test()}>{nt('check.test')}</Button>
      {checked.value ? <CheckResult checked={checked.value} kind={channel.kind} /> : null}
    </Section>
  )
}
