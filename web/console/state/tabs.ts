// What an agent reads in one tab is read in the others of this browser: the server keeps it and tells nobody.
import { batch } from '@preact/signals'
import { compareIds } from '../lib/ids'
import type { Id } from '../lib/types'
import { refreshCountsSoon } from './lists'
import { conversations, myId, setUnread, small } from './store'

type Told = { agent: Id } & ({ kind: 'conversation'; conversation: Id; unread: number; upTo: Id | null } | { kind: 'notices'; ids: Id[]; at: string })

let others: BroadcastChannel | null = null

/** upTo: the newest message that was counted. */
export function tellUnread(conversation: Id, unread: number, upTo: Id | null): void {
  others?.postMessage({ agent: myId.peek(), kind: 'conversation', conversation, unread, upTo } satisfies Told)
}
export function tellNoticesRead(ids: Id[], at: string): void {
  others?.postMessage({ agent: myId.peek(), kind: 'notices', ids, at } satisfies Told)
}

export function noticesRead(ids: readonly Id[], at: string): void {
  small.notifications.map((one) => (one.read_at === null && ids.includes(one.id) ? { ...one, read_at: at } : one))
}

function take(told: Told): void {
  if (told.agent !== myId.peek()) return
  batch(() => {
    if (told.kind === 'notices') return noticesRead(told.ids, told.at)
    // What came in since then was not read there.
    const last = conversations.peek(told.conversation)?.last_message_id
    if (!last || !told.upTo || compareIds(last, told.upTo) <= 0) setUnread(told.conversation, told.unread)
    refreshCountsSoon()
  })
}

export function startTabs(): void {
  if (!('BroadcastChannel' in globalThis)) return
  others = new BroadcastChannel('seva-read')
  others.onmessage = (event: MessageEvent<Told>) => take(event.data)
}
