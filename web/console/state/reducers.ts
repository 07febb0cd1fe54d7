// The rules by which what arrives changes what is shown: list membership and order, timeline merging, stale replies. Pure functions.
import { compareIds, isLocal } from '../lib/ids'
import type { Conversation, Id, Message, Sort, ViewFilter } from '../lib/types'

/** How much earlier a priority makes what waits, as the server's order has it (docs/api.md, `due`). */
const HOUR_MS = 3_600_000
const HEAD_START_MS = { urgent: 24 * HOUR_MS, high: 4 * HOUR_MS, medium: HOUR_MS, none: 0, low: -4 * HOUR_MS } as const

/** Whether a conversation belongs to a filtered list. Null: only the server can say (search words, mentions). */
export function matchesFilter(conversation: Conversation, filter: ViewFilter, me: Id, now: number): boolean | null {
  const status = filter.status?.length ? filter.status : ['open']
  const isDueAgain = conversation.status === 'snoozed' && conversation.snoozed_until !== null && Date.parse(conversation.snoozed_until) <= now
  if (!status.includes(conversation.status) && !(isDueAgain && status.includes('open'))) return false
  if (filter.assignee) {
    const wanted = filter.assignee === 'me' ? me : filter.assignee === 'none' ? null : filter.assignee
    if (conversation.assignee_id !== wanted) return false
  }
  if (filter.team && conversation.team_id !== (filter.team === 'none' ? null : filter.team)) return false
  if (filter.channel && conversation.channel.id !== filter.channel) return false
  if (filter.tag?.length && !filter.tag.some((tag) => conversation.tags.includes(tag))) return false
  if (filter.priority?.length && !filter.priority.includes(conversation.priority)) return false
  if (filter.language && conversation.language !== filter.language) return false
  if (filter.unread && conversation.unread_count === 0) return false
  return filter.q ? null : true
}

const time = (value: string | null): number => (value ? Date.parse(value) : 0)

/** Order of two conversations in a list; ties by id so that the order is total. */
export function compareConversations(a: Conversation, b: Conversation, sort: Sort): number {
  const tie = compareIds(b.id, a.id)
  switch (sort) {
    case 'newest':
      return time(b.last_message_at) - time(a.last_message_at) || tie
    case 'oldest':
      return time(a.last_message_at) - time(b.last_message_at) || -tie
    case 'waiting':
      return waiting(a) - waiting(b) || -tie
    case 'due':
      return due(a) - due(b) || -tie
  }
}
const AFTER_ALL = Number.MAX_SAFE_INTEGER
const waiting = (c: Conversation): number => (c.waiting_since ? Date.parse(c.waiting_since) : AFTER_ALL)
const due = (c: Conversation): number => (c.waiting_since ? Date.parse(c.waiting_since) - HEAD_START_MS[c.priority] : AFTER_ALL - time(c.last_message_at))

/**
 * The list after one conversation changed. `belongs` false takes it out, except when it is `kept` (the one being read stays in view until
 * the list is loaded anew). What would sort behind the last loaded row is left to the next page.
 */
export function placeInList(
  ids: readonly Id[], conversation: Conversation, belongs: boolean, look: (id: Id) => Conversation | undefined, sort: Sort, hasMore: boolean, kept: Id | null,
): Id[] {
  const at = ids.indexOf(conversation.id)
  if (!belongs) {
    if (at < 0 || kept === conversation.id) return ids as Id[]
    return ids.filter((id) => id !== conversation.id)
  }
  const rest = at < 0 ? (ids as Id[]) : ids.filter((id) => id !== conversation.id)
  let place = rest.findIndex((id) => {
    const other = look(id)
    return other !== undefined && compareConversations(conversation, other, sort) < 0
  })
  if (place < 0) {
    if (hasMore && at < 0) return ids as Id[]
    place = rest.length
  }
  if (place === at) return ids as Id[]
  return [...rest.slice(0, place), conversation.id, ...rest.slice(place)]
}

/** Ids of a timeline with some more messages: by id, each once, local ones last in the order written. */
export function mergeIds(ids: readonly Id[], more: readonly Id[]): Id[] {
  const seen = new Set(ids)
  const added = more.filter((id) => !seen.has(id))
  if (!added.length) return ids as Id[]
  const all = [...ids, ...new Set(added)]
  const last = ids[ids.length - 1]
  const isAppend = added.length === 1 && (last === undefined || compareIds(added[0] as Id, last) > 0)
  return isAppend ? all : all.sort(compareIds)
}

/** The same when the newest page has come: what was there before it gives way, except what is not sent yet and what the stream told while the page was on its way. */
export function newestPageIds(ids: readonly Id[], page: readonly Id[]): Id[] {
  const oldest = page[0]
  return mergeIds(ids.filter((id) => isLocal(id) || oldest === undefined || compareIds(id, oldest) > 0), page)
}

/** The id of the newest message that the server knows: what a reply claims to have seen. */
export function lastServerId(ids: readonly Id[]): Id | null {
  for (let at = ids.length - 1; at >= 0; at--) {
    const id = ids[at] as Id
    if (!isLocal(id)) return id
  }
  return null
}

/** Replies of others that came after the writer began: sending now would answer the customer twice. */
export function staleReplies(messages: readonly Message[], begunAfter: Id | null, me: Id): Message[] {
  if (begunAfter === null) return []
  return messages.filter(
    (m) => m.kind === 'out' && m.state !== 'cancelled' && m.author.id !== me && !isLocal(m.id) && compareIds(m.id, begunAfter) > 0,
  )
}

/** A later view of the same message never takes a state back (a slow "held" answer after a fast "sent" event). */
const PROGRESS: Record<Message['state'], number> = {
  held: 0, queued: 1, sending: 2, unknown: 3, failed: 3, sent: 4, delivered: 5, read: 6, received: 6, cancelled: 7,
}
export function newerMessage(old: Message | undefined, next: Message): Message {
  if (!old || old.id !== next.id) return next
  const isRetry = (old.state === 'failed' || old.state === 'unknown') && (next.state === 'queued' || next.state === 'sending')
  return PROGRESS[next.state] < PROGRESS[old.state] && !isRetry ? { ...next, state: old.state, error: old.error } : next
}

/** An answer that an event has overtaken takes nothing back. */
export function newer<T extends { version: number }>(old: T | undefined, next: T): T {
  return old && old.version > next.version ? old : next
}
