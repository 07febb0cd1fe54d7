// Nothing missed: what the network has is counted against what came in, and what was missing is brought in.
import { useSignal } from '@preact/signals'
import { useEffect, useRef, useState } from 'preact/hooks'
import { Icon } from '../../ui/icon'
import { Button, Problem, Spinner, Words } from '../../ui/parts'
import { ApiError, get, post } from '../../lib/api'
import { dateTime, number } from '../../lib/format'
import { Latest } from '../../lib/latest'
import { nt } from '../../lib/network_words'
import type { Reconciliation } from '../../lib/network_types'
import type { Id, Page } from '../../lib/types'
import { itemsOf } from '../../state/reference'
import { complain, errorText, toast } from '../../state/toasts'
import { Section } from '../common'

const LOOK_MS = 2000
const LOOK_FOR_MS = 2 * 60_000

function Run({ run }: { run: Reconciliation }) {
  return (
    <li class="rows-row">
      <span class="rows-icon"><Icon name={run.is_running ? 'clock' : run.error ? 'alert' : run.missed ? 'refresh' : 'check'} size={18} /></span>
      <span class="rows-main">
        <strong role={run.is_running ? 'status' : undefined}>{run.is_running ? nt('ledger.running') : run.error ? nt('ledger.failed') : run.missed ? nt('ledger.missed', { missed: run.missed, seen: run.seen }) : nt('ledger.all', { seen: run.seen })}</strong>
        <small>{nt('ledger.span', { from: dateTime(run.from), until: dateTime(run.until) })} · {dateTime(run.at)}</small>
        {run.error ? <small class="rows-bad" dir="auto">{run.error}</small> : null}
        {run.details.length ? (
          <details class="ledger-details">
            <summary>{nt('ledger.details', { count: run.details.length })}</summary>
            <ul>{run.details.map((one) => <li key={one.external_id || one.text}>{one.at ? dateTime(one.at) + ' · ' : ''}{one.from ? <><bdi>{one.from}</bdi> · </> : null}<Words text={one.text || one.external_id} /></li>)}</ul>
          </details>
        ) : null}
      </span>
    </li>
  )
}

export function Ledger({ channel, hint }: { channel: Id; hint: string }) {
  const runs = useSignal<Reconciliation[] | null>(null)
  const problem = useSignal<string | null>(null)
  const isThere = useSignal(true)
  const isBusy = useSignal(false)
  const path = `/channels/${channel}/reconciliations`
  const [latest] = useState(() => new Latest())
  const load = (): Promise<void> => {
    const isLatest = latest.begin()
    return get<Page<Reconciliation>>(path).then((answer) => {
      if (isLatest()) runs.value = itemsOf(answer)
    }, (error: unknown) => {
      if (!isLatest()) return
      // A network that cannot be asked has no ledger.
      if (error instanceof ApiError && error.status === 404) isThere.value = false
      else problem.value = errorText(error)
    })
  }
  // A comparison is over when a new one stands at the top that does not run any more.
  const waits = useRef<{ timer?: ReturnType<typeof setTimeout> }>({})
  useEffect(() => () => clearTimeout(waits.current.timer), [path])
  const watch = (newest: Id | undefined, until: number): void => {
    waits.current.timer = setTimeout(() => void load().then(() => {
      const top = runs.peek()?.[0]
      if ((top?.is_running || top?.id === newest) && Date.now() < until) watch(newest, until)
    }), LOOK_MS)
  }
  // Also one that somebody else has asked for.
  useEffect(() => void load().then(() => {
    const top = runs.peek()?.[0]
    if (top?.is_running) watch(top.id, Date.now() + LOOK_FOR_MS)
  }), [path])
  const start = async (): Promise<void> => {
    isBusy.value = true
    try {
      await post(path)
      toast(nt('ledger.started'))
      clearTimeout(waits.current.timer)
      const newest = runs.peek()?.[0]?.id
      await load()
      watch(newest, Date.now() + LOOK_FOR_MS)
    } catch (error) {
      complain(error)
    }
    isBusy.value = false
  }
  const all = runs.value
  if (!isThere.value) return null
  return (
    <Section title={nt('ledger.title')} hint={hint}>
      {problem.value ? <Problem text={problem.value} onRetry={() => void load()} /> : !all ? <Spinner /> : all.length === 0 ? <p class="settings-empty">{nt('ledger.none')}</p> : (
        <>
          <p class="ledger-sum">{nt('ledger.sum', { seen: number(all.reduce((sum, one) => sum + one.seen, 0)), missed: number(all.reduce((sum, one) => sum + one.missed, 0)) })}</p>
          <ul class="rows ledger">{all.map((one) => <Run key={one.id} run={one} />)}</ul>
        </>
      )}
      <Button small icon="refresh" disabled={isBusy.value || all?.[0]?.is_running === true} onClick={() => void start()}>{nt('ledger.start')}</Button>
    </Section>
  )
}
