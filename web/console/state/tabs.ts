// What an agent reads in one tab is read in the others of this browser: the server keeps it and tells nobody.
import { batch } from '@preact/signals'
import type { Id } from '../lib/types'
import { refreshCountsSoon } from './lists'
import { conversations, myId, notifications } from './store'

type Told = { agent: Id } & ({ kind: 'conversation'; conversation: Id; unread: number } | { kind: 'notices'; ids: Id[] | null; at: string })

let others: BroadcastChannel | null = null

export function tellUnread(conversation: Id, unread: number): void {
  others?.postMessage({ agent: myId.peek(), kind: 'conversation', conversation, unread } satisfies Told)
}
/** Null: all of them. */
export function tellNoticesRead(ids: Id[] | null): void {
  others?.postMessage({ agent: myId.peek(), kind: 'notices', ids, at: new Date().toISOString() } satisfies Told)
}

function take(told: Told): void {
  if (told.agent !== myId.peek()) return
  batch(() => {
    if (told.kind === 'notices') {
      notifications.value = notifications.peek().map((one) => (one.read_at === null && (told.ids === null || told.ids.includes(one.id)) ? { ...one, read_at: told.at } : one))
      return
    }
    const old = conversations.peek(told.conversation)
    if (old && old.unread_count !== told.unread) conversations.set({ ...old, unread_count: told.unread })
    refreshCountsSoon()
  })
}

export function startTabs(): void {
  if (!('BroadcastChannel' in globalThis)) return
  others = new BroadcastChannel('seva-read')
  others.onmessage = (event: MessageEvent<Told>) => take(event.data)
}
