// The telephone: who waits now, and the log of all calls, kept up to date by the stream.
import '../style/settings.css'
import '../style/calls.css'
import { useComputed, useSignal, type ReadonlySignal } from '@preact/signals'
import { useEffect, useState } from 'preact/hooks'
import { Icon } from '../ui/icon'
import { PageEnd, type PageFault } from '../ui/page_end'
import { Button, Chip, Empty, Facts, Field, Problem, Words } from '../ui/parts'
import { get } from '../lib/api'
import { dateTime } from '../lib/format'
import { t } from '../lib/i18n'
import { compareIds } from '../lib/ids'
import { Latest } from '../lib/latest'
import { nt } from '../lib/network_words'
import { BASE, inboxPath, search, setSearch } from '../lib/router'
import type { Id, Page } from '../lib/types'
import { PageTitle } from '../settings/common'
import { act, calls, isPhone, putCalls, waitingCalls, type Call } from '../state/calls'
import { agents, can, channels } from '../state/store'
import { errorText, toast } from '../state/toasts'
import { CallButton } from './call_button'
import { filterOf, fits, OUTCOMES, searchOf, type Filter } from './filter'
import { lengthText, since, stateText, useSeconds, Who, who } from './words'

/** A page at a time; what the stream tells of stands before it when it fits. */
function useLog(filter: ReadonlySignal<Filter>) {
  const ids = useSignal<ReadonlySet<Id>>(new Set())
  const newest = useSignal<Id | null>(null)
  const next = useSignal<string | null>(null)
  const isLoading = useSignal(true)
  const fault = useSignal<PageFault | null>(null)
  const [latest] = useState(() => new Latest())
  const load = async (more: boolean): Promise<void> => {
    const isLatest = latest.begin()
    isLoading.value = true
    fault.value = null
    try {
      const page = await get<Page<Call>>('/calls', { ...filter.value, cursor: more ? next.peek() : null, limit: 50 })
      if (!isLatest()) return
      putCalls(page.items)
      ids.value = new Set([...(more ? ids.peek() : []), ...page.items.map((one) => one.id)])
      if (!more) newest.value = page.items[0]?.id ?? null
      next.value = page.next
    } catch (cause) {
      if (!isLatest()) return
      fault.value = { text: errorText(cause), isMore: more }
    }
    isLoading.value = false
  }
  useEffect(() => void load(false), [filter.value])
  const shown = calls.value.filter((one) => fits(one, filter.value) && (ids.value.has(one.id) || newest.value === null || compareIds(one.id, newest.value) > 0))
  return { shown, next, isLoading, fault, load }
}

function Filters({ filter }: { filter: ReadonlySignal<Filter> }) {
  const pick = (name: keyof Filter, label: string, options: readonly (readonly [string, string])[]) => (
    <Field label={label}>
      {(props) => (
        <select {...props} value={filter.value[name]} onChange={(event) => setSearch(searchOf({ ...filter.peek(), [name]: event.currentTarget.value }))}>
          <option value="">{nt('calls.all')}</option>
          {options.map(([value, words]) => <option key={value} value={value}>{words}</option>)}
        </select>
      )}
    </Field>
  )
  return (
    <div class="calls-filters">
      {pick('direction', nt('calls.filter_direction'), [['in', nt('calls.in')], ['out', nt('calls.out')]])}
      {pick('outcome', nt('calls.filter_outcome'), OUTCOMES.map((one) => [one, nt(`calls.outcome_${one}`)] as const))}
      {pick('channel_id', nt('calls.filter_channel'), channels.value.filter(isPhone).map((one) => [one.id, one.name] as const))}
      {pick('agent_id', nt('calls.filter_agent'), agents.value.map((one) => [one.id, one.name] as const))}
    </div>
  )
}

function Waiting() {
  const now = useSeconds()
  const all = waitingCalls.value
  const take = (one: Call): void => void act(`/${one.id}/take`).then((ok) => ok && toast(nt('calls.taken')))
  return (
    <section class="settings-section" aria-labelledby="calls-queue">
      <h2 id="calls-queue">{nt('calls.queue')}</h2>
      {all.length ? (
        <ul class="rows" aria-live="polite">
          {all.map((one) => (
            <li key={one.id} class="rows-row">
              <span class="rows-icon"><Icon name="phone" size={18} /></span>
              <span class="rows-main">
                <strong><Who call={one} /></strong>
                <small><Facts of={[stateText(one), channels.value.find((channel) => channel.id === one.channel_id)?.name]} /> · <span aria-hidden="true">{since(one.started_at, now)}</span></small>
              </span>
              {can('conversation.reply') ? <Button tone="primary" icon="phone" aria-label={nt('calls.take_of', { name: who(one) })} onClick={() => take(one)}>{nt('calls.take')}</Button> : null}
            </li>
          ))}
        </ul>
      ) : <p class="settings-empty">{nt('calls.queue_none')}</p>}
    </section>
  )
}

const toneOf = (one: Call): string => (one.state !== 'ended' ? 'good' : one.outcome === 'missed' || one.outcome === 'failed' ? 'warn' : 'plain')

function Row({ call }: { call: Call }) {
  return (
    <li class="rows-row">
      <span class="rows-icon"><Icon name={call.direction === 'out' ? 'outside' : 'phone'} size={18} /></span>
      <span class="rows-main">
        <strong>{call.conversation_id ? <a href={BASE + inboxPath('all', call.conversation_id)}><Who call={call} /></a> : <Who call={call} />}</strong>
        <small>
          <Facts of={[call.direction === 'out' ? nt('calls.out') : nt('calls.in'), channels.value.find((one) => one.id === call.channel_id)?.name, dateTime(call.started_at), lengthText(call)]} />
          {call.contact_name && call.number ? <> · <bdi dir="ltr">{call.number}</bdi></> : null}
        </small>
        {call.agent_name ? <small>{nt('calls.with', { name: call.agent_name })}</small> : null}
        {call.note ? <small dir="auto">{call.note}</small> : null}
        {call.error ? <small class="rows-bad"><Words text={call.error} /></small> : null}
      </span>
      <Chip tone={toneOf(call)}>{stateText(call)}</Chip>
      {call.number && call.state === 'ended' ? <CallButton number={call.number} contact={call.contact_id} /> : null}
    </li>
  )
}

export function CallsPage() {
  const filter = useComputed(() => filterOf(search.value))
  const { shown, next, isLoading, fault, load } = useLog(filter)
  const busy = agents.value.filter((one) => one.is_in_wrap_up)
  const isNarrowed = Object.values(filter.value).some(Boolean)
  return (
    <main id="main" class="settings-page calls" tabIndex={-1}>
      <PageTitle title={t('nav.calls')} hint={nt('calls.hint')} />
      <Waiting />
      {busy.length ? <p class="settings-hint">{nt('calls.busy', { names: new Intl.ListFormat(document.documentElement.lang || 'en').format(busy.map((one) => one.name)) })}</p> : null}
      <section class="settings-section" aria-labelledby="calls-log">
        <h2 id="calls-log">{nt('calls.log')}</h2>
        <Filters filter={filter} />
        {fault.value && !fault.value.isMore ? <Problem text={fault.value.text} onRetry={() => void load(false)} /> : null}
        {!isLoading.value && !shown.length && !fault.value ? <Empty icon="phone" title={isNarrowed ? nt('calls.none') : nt('calls.empty')} /> : null}
        <ul class="rows">{shown.map((one) => <Row key={one.id} call={one} />)}</ul>
        <PageEnd fault={fault.value} hasMore={next.value !== null} isLoading={isLoading.value} onMore={() => void load(true)} />
      </section>
    </main>
  )
}
