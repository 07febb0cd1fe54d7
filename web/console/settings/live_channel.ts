// One channel for its page: never older than what its events told.
import { useSignal, type Signal } from '@preact/signals'
import { useEffect, useRef, useState } from 'preact/hooks'
import { ApiError, get } from '../lib/api'
import { Latest } from '../lib/latest'
import type { Channel, Conversation, Id } from '../lib/types'
import { onEvent } from '../state/live'
import { errorText } from '../state/toasts'

const SOON_MS = 500
/** What waits to be sent changes the pace, and of that no event tells. */
const WAITING_MS = 5000
const MAX_TIMER_MS = 24 * 3600_000

interface OneOf { channel: Signal<Channel | null>; problem: Signal<string | null>; load: () => void; take: (next: Channel) => void }

/** The channel as it is now: asked for once, then as its events tell it, and anew when a message on it came in or went out. */
export function useChannel(id: Id): OneOf {
  const channel = useSignal<Channel | null>(null)
  const problem = useSignal<string | null>(null)
  const [latest] = useState(() => new Latest())
  const soon = useRef<ReturnType<typeof setTimeout>>()
  const ask = (): Promise<void> => {
    const isLatest = latest.begin()
    return get<Channel>('/channels/' + id).then((found) => {
      if (isLatest()) channel.value = found
    }, (error: unknown) => {
      // What is shown stays when asking again fails, unless it is gone.
      if (!isLatest()) return
      if (!channel.peek() || (error instanceof ApiError && error.status === 404)) problem.value = errorText(error)
      else askSoon(WAITING_MS)
    })
  }
  const load = (): void => {
    problem.value = null
    void ask()
  }
  const take = (next: Channel): void => {
    // What was asked before this was changed is out of date.
    latest.begin()
    const old = channel.peek()
    channel.value = old ? { ...old, ...next } : next
  }
  const askSoon = (ms: number): void => {
    soon.current ??= setTimeout(() => {
      soon.current = undefined
      void ask()
    }, ms)
  }
  useEffect(() => {
    load()
    const stop = onEvent((event) => {
      const { data, type } = event
      const of = (data['conversation'] as Conversation | undefined)?.channel.id
      if (type === 'channel.updated' && event.subject?.id === id) {
        if (data['channel']) take(data['channel'] as Channel)
        else void ask()
      } else if (type === 'reset' || (type === 'hello' && !data['resumed'] && !data['joined']) || of === id) askSoon(SOON_MS)
    })
    return () => {
      stop()
      clearTimeout(soon.current)
      soon.current = undefined
      latest.begin()
    }
  }, [id])
  const { pace } = channel.value ?? {}
  const rest = pace?.until ? Date.parse(pace.until) - Date.now() : Infinity
  const next = Math.min(pace?.waiting ? WAITING_MS : Infinity, rest > 0 ? rest + SOON_MS : Infinity)
  useEffect(() => {
    if (next > MAX_TIMER_MS) return
    const timer = setTimeout(() => void ask(), next)
    return () => clearTimeout(timer)
  }, [channel.value])
  return { channel, problem, load, take }
}
