// A call in words: who, what state, how long; and the clock that runs beside it.
import { signal } from '@preact/signals'
import { useEffect } from 'preact/hooks'
import { Words } from '../ui/parts'
import { nt } from '../lib/network_words'
import { t } from '../lib/i18n'
import type { Call } from '../state/calls'

const second = signal(Date.now())
let watchers = 0
let timer: ReturnType<typeof setInterval> | undefined

/** The time in steps of a second, for as long as somebody looks. */
export function useSeconds(): number {
  useEffect(() => {
    if (watchers++ === 0) timer = setInterval(() => void (second.value = Date.now()), 1000)
    second.value = Date.now()
    return () => {
      if (--watchers === 0) clearInterval(timer)
    }
  }, [])
  return second.value
}

export function duration(seconds: number): string {
  const whole = Math.max(0, Math.floor(seconds))
  return t('part.seconds', { minutes: Math.floor(whole / 60), seconds: whole % 60 })
}
export const since = (time: string, now: number): string => duration((now - Date.parse(time)) / 1000)

export const who = (one: Call): string => one.contact_name || one.number || nt('calls.hidden')
export function Who({ call }: { call: Call }) {
  const isNumber = !call.contact_name && call.number
  return isNumber ? <bdi dir="ltr">{call.number}</bdi> : <Words text={who(call)} />
}

export function stateText(one: Call): string {
  if (one.state === 'ended') return one.outcome ? nt(`calls.outcome_${one.outcome}`) : nt('calls.state_ended')
  if (one.state === 'queued' && one.queue_position) return nt('calls.state_position', { position: one.queue_position })
  return nt(`calls.state_${one.state}`)
}

/** How long it took, once it is over. */
export function lengthText(one: Call): string {
  return [
    one.talk_s ? nt('calls.length', { time: duration(one.talk_s) }) : '', !one.talk_s && one.direction === 'in' && one.wait_s ? nt('calls.waited', { time: duration(one.wait_s) }) : '',
    one.wrap_s ? nt('calls.wrap', { time: duration(one.wrap_s) }) : '',
  ].filter(Boolean).join(' · ')
}
