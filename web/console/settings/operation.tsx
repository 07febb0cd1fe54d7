// Keeping it running: background work that failed, items that could not be read, and who did what.
import { useSignal } from '@preact/signals'
import { useEffect, useState } from 'preact/hooks'
import { PageEnd, type PageFault } from '../ui/page_end'
import { Button, Field, Problem, Words } from '../ui/parts'
import { del, get, post } from '../lib/api'
import { age, bytes, dateTime } from '../lib/format'
import { t } from '../lib/i18n'
import { Latest } from '../lib/latest'
import type { AuditEntry, Job, Page, QuarantineItem } from '../lib/types'
import { agents, channels } from '../state/store'
import { complain, errorText, toast } from '../state/toasts'
import { AskButton, FIRST_ROWS, Listed, PageTitle, useListing } from './common'

export function Jobs() {
  const state = useSignal<'dead' | 'queued' | 'running'>('dead')
  const names = { dead: t('jobs.dead'), queued: t('jobs.queued'), running: t('jobs.running') }
  return (
    <>
      <PageTitle title={t('settings.jobs')} hint={t('jobs.hint')} />
      <div class="tabs" role="group" aria-label={t('settings.jobs')}>
        {(['dead', 'queued', 'running'] as const).map((one) => <button key={one} type="button" aria-pressed={state.value === one} onClick={() => void (state.value = one)}>{names[one]}</button>)}
      </div>
      <JobList key={state.value} state={state.value} />
    </>
  )
}

function JobList({ state }: { state: string }) {
  const listing = useListing<Job>('/jobs', { state, ...FIRST_ROWS })
  return (
    <Listed listing={listing} empty={t('jobs.none')}>
      {(items) => (
        <ul class="rows">
          {items.map((one) => (
            <li key={one.id} class="rows-row">
              <span class="rows-main">
                <strong dir="ltr">{one.kind}</strong>
                <small><Words text={one.last_error ?? ''} /></small>
                <small>{t('delivery.attempts', { count: one.attempts })} · {dateTime(one.run_at)}</small>
              </span>
              {state === 'dead' ? <Button small icon="refresh" onClick={() => void post(`/jobs/${one.id}/retry`).then(() => { toast(t('jobs.retried')); return listing.reload() }, complain)}>{t('common.retry')}</Button> : null}
              {state !== 'running' ? <AskButton label={t('common.delete')} title={t('jobs.delete')} text={t('jobs.delete_text')} onConfirm={() => void del('/jobs/' + one.id).then(() => listing.reload(), complain)} /> : null}
            </li>
          ))}
        </ul>
      )}
    </Listed>
  )
}

export function Quarantine() {
  const listing = useListing<QuarantineItem>('/quarantine', FIRST_ROWS)
  return (
    <>
      <PageTitle title={t('settings.quarantine')} hint={t('quarantine.hint')} />
      <Listed listing={listing} empty={t('quarantine.none')}>
        {(items) => (
          <ul class="rows">
            {items.map((one) => (
              <li key={one.id} class="rows-row">
                <span class="rows-main">
                  <strong><Words text={one.reason ?? ''} /></strong>
                  <small>{channels.value.find((other) => other.id === one.channel_id)?.name ?? '—'} · {bytes(one.size)} · {dateTime(one.received_at)} · {t('delivery.attempts', { count: one.attempts })}</small>
                </span>
                <a class="button button-small" href={`/api/v1/quarantine/${one.id}/raw`} download>{t('quarantine.raw')}</a>
                <Button small icon="refresh" onClick={() => void post(`/quarantine/${one.id}/retry`).then(() => { toast(t('jobs.retried')); return listing.reload() }, complain)}>{t('common.retry')}</Button>
                <AskButton label={t('common.delete')} title={t('quarantine.delete')} text={t('quarantine.delete_text')} onConfirm={() => void del('/quarantine/' + one.id).then(() => listing.reload(), complain)} />
              </li>
            ))}
          </ul>
        )}
      </Listed>
    </>
  )
}

const detailText = (entry: AuditEntry): string =>
  Object.entries(entry.detail ?? {}).map(([key, value]) => `${key}: ${typeof value === 'object' ? JSON.stringify(value) : String(value)}`).join(', ')

/** One thing that was done: what and by whom, then when, to what and from where. It wraps where the window is narrow. */
function AuditRow({ entry }: { entry: AuditEntry }) {
  return (
    <li class="rows-row">
      <span class="rows-main">
        <strong><Words text={entry.actor.name ?? entry.actor.kind} /> <code dir="ltr">{entry.action}</code></strong>
        <small>
          <time dateTime={entry.at} title={age(entry.at)}>{dateTime(entry.at)}</time>
          {entry.subject?.type ? <> · <bdi dir="ltr">{`${entry.subject.type} ${entry.subject.id ?? ''}`.trim()}</bdi></> : null}
          {entry.ip ? <> · <bdi dir="ltr">{entry.ip}</bdi></> : null}
        </small>
      </span>
      <span class="audit-detail" dir="auto">{detailText(entry)}</span>
    </li>
  )
}

function useAudit() {
  const items = useSignal<AuditEntry[]>([])
  const next = useSignal<string | null>(null)
  const isLoading = useSignal(true)
  const fault = useSignal<PageFault | null>(null)
  const actor = useSignal('')
  const action = useSignal('')
  const [latest] = useState(() => new Latest())
  const load = async (more: boolean): Promise<void> => {
    const isLatest = latest.begin()
    isLoading.value = true
    try {
      const page = await get<Page<AuditEntry>>('/audit', { actor_id: actor.value || null, action: action.value.trim() || null, cursor: more ? next.value : null, limit: 50 })
      if (!isLatest()) return
      items.value = more ? [...items.value, ...page.items] : page.items
      next.value = page.next
      fault.value = null
    } catch (cause) {
      if (isLatest()) fault.value = { text: errorText(cause), isMore: more }
    } finally {
      if (isLatest()) isLoading.value = false
    }
  }
  useEffect(() => void load(false), [actor.value])
  return { items, next, isLoading, fault, actor, action, load }
}

export function Audit() {
  const { items, next, isLoading, fault, actor, action, load } = useAudit()
  return (
    <>
      <PageTitle title={t('settings.audit')} hint={t('audit.hint')} />
      <form class="inline-form" onSubmit={(event) => { event.preventDefault(); void load(false) }}>
        <Field label={t('audit.actor')}>{(props) => <select {...props} value={actor.value} onChange={(event) => void (actor.value = event.currentTarget.value)}><option value="">{t('filter.any')}</option>{agents.value.map((one) => <option key={one.id} value={one.id}>{one.name}</option>)}</select>}</Field>
        <Field label={t('audit.action')}>{(props) => <input {...props} type="text" dir="ltr" placeholder="agent.updated" value={action} onInput={(event) => void (action.value = event.currentTarget.value)} />}</Field>
        <Button type="submit">{t('filter.title')}</Button>
      </form>
      {fault.value && !fault.value.isMore ? <Problem text={fault.value.text} onRetry={() => void load(false)} /> : null}
      <ul class="rows" aria-label={t('settings.audit')}>{items.value.map((one) => <AuditRow key={one.id} entry={one} />)}</ul>
      <PageEnd fault={fault.value} hasMore={next.value !== null} isLoading={isLoading.value} onMore={() => void load(true)} />
    </>
  )
}
