// Changes to conversations: shown at once, sent to the server, taken back with undo or when the server refuses.
import { batch } from '@preact/signals'
import { patch, post, put } from '../lib/api'
import { t } from '../lib/i18n'
import { uuid } from '../lib/ids'
import { inTurn } from '../lib/in_turn'
import type { Conversation, Id, Outcome, Priority, Status } from '../lib/types'
import { loadCounts, placeConversation, refreshCountsSoon, selected } from './lists'
import { tick } from './order'
import { agentOf, changedConversations, conversations, putConversation, setUnread, teamOf } from './store'
import { tellUnread } from './tabs'
import { complain, toast } from './toasts'
import { pushUndo } from './undo'
import type { BulkResult } from '../../shared/api/types'

export interface Change {
  status?: Status
  priority?: Priority
  assignee_id?: Id | null
  team_id?: Id | null
  snoozed_until?: string | null
  outcome?: Outcome | null
  subject?: string | null
}
type Tagging = { add_tags?: string[]; remove_tags?: string[] }

function applied(conversation: Conversation, change: Change & Tagging): Conversation {
  const { add_tags, remove_tags, ...plain } = change
  let next: Conversation = { ...conversation, ...plain }
  if (add_tags || remove_tags) {
    const names = conversation.tags.filter((name) => !remove_tags?.includes(name))
    next = { ...next, tags: [...names, ...(add_tags ?? []).filter((name) => !names.includes(name))] }
  }
  return next
}

function show(conversation: Conversation | undefined): void {
  if (!conversation) return
  batch(() => {
    conversations.set(conversation)
    placeConversation(conversation)
  })
}

/** The fields that a change alters, as they will be. */
function altered(conversation: Conversation, change: Change & Tagging): Partial<Conversation> {
  const next = applied(conversation, change)
  return Object.fromEntries(Object.entries(next).filter(([name, value]) => value !== conversation[name as keyof Conversation]))
}

/** Shows a change until `work` has the server's answer, whatever else is told meanwhile. Changes of one conversation reach the server in their order. */
async function shownAtOnce(id: Id, change: Change & Tagging, work: () => Promise<Conversation>): Promise<void> {
  const old = conversations.peek(id)
  const fields = old ? altered(old, change) : {}
  if (old) show(changedConversations.begin(old, fields))
  try {
    await inTurn('conversation ' + id, async () => {
      const asked = tick()
      const next = await work()
      putConversation(next, asked)
    })
  } finally {
    show(changedConversations.end(id, fields))
  }
}

function before(conversation: Conversation, change: Change): Change {
  const old: Record<string, unknown> = {}
  for (const name of Object.keys(change)) old[name] = conversation[name as keyof Conversation] ?? null
  if ('status' in change && conversation.status !== 'resolved') delete old['outcome']
  return old as Change
}

/** What the toast says about a change. */
export function describe(change: Change & Tagging, count: number): string {
  if (change.status === 'resolved') return t('done.resolved', { count })
  if (change.status === 'snoozed') return t('done.snoozed', { count })
  if (change.status === 'pending') return t('done.pending', { count })
  if (change.status === 'open') return t('done.reopened', { count })
  if (change.assignee_id !== undefined) {
    const name = agentOf(change.assignee_id)?.name
    return name ? t('done.assigned', { name, count }) : t('done.unassigned', { count })
  }
  if (change.team_id !== undefined) {
    const name = teamOf(change.team_id)?.name
    return name ? t('done.assigned', { name, count }) : t('done.unassigned', { count })
  }
  if (change.priority !== undefined) return t('done.priority', { count })
  return t('done.tagged', { count })
}

async function patchOne(id: Id, change: Change): Promise<void> {
  await shownAtOnce(id, change, () => patch<Conversation>(`/conversations/${id}`, change))
  refreshCountsSoon()
}

/** Changes one or many conversations with a toast that offers the way back. */
export async function changeConversations(ids: readonly Id[], change: Change): Promise<void> {
  if (ids.length > 1) return changeMany(ids, change)
  const id = ids[0]
  const old = id ? conversations.peek(id) : undefined
  if (!id || !old) return
  const back = before(old, change)
  const undoId = pushUndo(() => patchOne(id, back).catch(complain))
  toast(describe(change, 1), { undoId })
  try {
    await patchOne(id, change)
  } catch (error) {
    complain(error)
  }
}

async function changeMany(ids: readonly Id[], change: Change & Tagging): Promise<void> {
  const olds = ids.map((id) => conversations.peek(id)).filter((one): one is Conversation => one !== undefined)
  const shown = olds.map((old) => ({ id: old.id, fields: altered(old, change) }))
  batch(() => {
    for (const [at, { fields }] of shown.entries()) show(changedConversations.begin(olds[at] as Conversation, fields))
    selected.value = new Set()
  })
  const settle = (isTaken: (id: Id) => boolean): void => batch(() => {
    for (const { id, fields } of shown) show(changedConversations.end(id, fields, isTaken(id)))
  })
  try {
    const answer = await post<BulkResult>(
      '/conversations/bulk', { ids, set: change }, uuid(),
    )
    const failed = new Set(answer.failed.map((one) => one.id))
    settle((id) => !failed.has(id))
    const token = answer.undo_token
    const undo = async (): Promise<void> => {
      try {
        await post('/conversations/bulk/undo', { undo_token: token }, uuid())
        for (const old of olds) {
          const now = conversations.peek(old.id)
          const back = Object.keys(shown.find((one) => one.id === old.id)?.fields ?? {}).map((name) => [name, old[name as keyof Conversation]])
          if (now) show({ ...now, ...(Object.fromEntries(back) as Partial<Conversation>) })
        }
      } catch (error) {
        complain(error)
      }
    }
    toast(describe(change, answer.changed), token ? { undoId: pushUndo(undo) } : {})
    if (failed.size) toast(t('done.bulk_failed', { count: failed.size, reason: answer.failed[0]?.message ?? '' }), { tone: 'bad' })
    await loadCounts()
  } catch (error) {
    settle(() => false)
    complain(error)
  }
}

const putTags = (id: Id, names: string[]): Promise<void> => {
  const old = conversations.peek(id)
  const change: Tagging = { remove_tags: old?.tags ?? [], add_tags: names }
  return shownAtOnce(id, change, () => put<Conversation>(`/conversations/${id}/tags`, { tags: names }))
}

export async function changeTags(ids: readonly Id[], tagging: Tagging): Promise<void> {
  if (ids.length > 1) return changeMany(ids, tagging)
  const id = ids[0]
  const old = id ? conversations.peek(id) : undefined
  if (!id || !old) return
  const undoId = pushUndo(() => putTags(id, old.tags).catch(complain))
  toast(t('done.tagged', { count: 1 }), { undoId })
  await putTags(id, applied(old, tagging).tags).catch(complain)
}

export async function markRead(id: Id, message: Id): Promise<void> {
  const old = conversations.peek(id)
  if (old && old.unread_count > 0) {
    setUnread(id, 0)
    tellUnread(id, 0, message)
  }
  await post(`/conversations/${id}/read`, { message_id: message }).catch(() => undefined)
  if (!old || old.unread_count === 0) return
  // Once more: an answer that was read before this may still be on its way.
  setUnread(id, conversations.peek(id)?.unread_count ?? 0)
  refreshCountsSoon()
}

export async function markUnread(id: Id): Promise<void> {
  const old = conversations.peek(id)
  if (old) {
    setUnread(id, Math.max(1, old.unread_count))
    tellUnread(id, Math.max(1, old.unread_count), old.last_message_id)
  }
  await post(`/conversations/${id}/unread`).catch(complain)
  if (old) setUnread(id, conversations.peek(id)?.unread_count ?? 0)
  refreshCountsSoon()
}
