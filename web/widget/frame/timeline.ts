// The list of messages as pure functions: merging what comes from history, stream and answers without
// doubles, order by id, what is unread, and the grouping into runs and days that the thread shows.
import type { WidgetMessage } from './types'

/** Ids are decimal numbers as text, larger than a double holds exactly. */
export function compareIds(a: string, b: string): number {
  return a.length - b.length || (a < b ? -1 : a > b ? 1 : 0)
}

export function merge(list: readonly WidgetMessage[], more: readonly WidgetMessage[]): WidgetMessage[] {
  const byId = new Map(list.map((message) => [message.id, message]))
  for (const message of more) byId.set(message.id, { ...byId.get(message.id), ...message })
  return [...byId.values()].sort((a, b) => compareIds(a.id, b.id))
}

/** Messages of the visitor up to this one were read by an agent. */
export function markRead(list: readonly WidgetMessage[], upTo: string): WidgetMessage[] {
  return list.map((message) =>
    message.from === 'me' && message.state !== 'read' && compareIds(message.id, upTo) <= 0 ? { ...message, state: 'read' } : message,
  )
}

export function unreadOf(list: readonly WidgetMessage[], lastRead: string): WidgetMessage[] {
  return list.filter((message) => message.from === 'agent' && message.state !== 'read' && compareIds(message.id, lastRead) > 0)
}

const RUN_MS = 5 * 60_000

/** True when the message stands under the same name as the one before it. */
export function isSameRun(before: WidgetMessage | undefined, message: WidgetMessage): boolean {
  return (
    before !== undefined &&
    before.from === message.from &&
    before.author.name === message.author.name &&
    Date.parse(message.sent_at) - Date.parse(before.sent_at) < RUN_MS
  )
}

export function isSameDay(a: string, b: string): boolean {
  return new Date(a).toDateString() === new Date(b).toDateString()
}
