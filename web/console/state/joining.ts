// A conversation put into the one that it may belong to, taken out again, or said to stand for itself.
import { batch } from '@preact/signals'
import { del, post } from '../lib/api'
import { inboxPath, openConversationId, route, settlePath, walk } from '../lib/router'
import type { Conversation, Id } from '../lib/types'
import { placeConversation, refreshCountsSoon } from './lists'
import { tick } from './order'
import { conversations, forgetTimeline, putConversation, waysOf } from './store'
import { openConversation } from './timeline'
import { complain } from './toasts'

/** Messages came or went: what is on hand of it is asked for anew, the open one at once. */
export function reloadTimeline(id: Id): void {
  forgetTimeline(id)
  if (openConversationId.peek() === id) void openConversation(id)
}

/** The address of a joined conversation is that of the one it went to; "back" does not come to it again. */
export function followJoined(conversation: Conversation): void {
  const here = route.peek()
  if (!conversation.joined_id || here.page !== 'inbox' || here.conversation !== conversation.id) return
  walk(inboxPath(here.view, conversation.joined_id))
  settlePath()
}

async function change(id: Id, way: 'join' | 'separate'): Promise<Conversation | null> {
  try {
    const asked = tick()
    const next = await post<Conversation>(`/conversations/${id}/${way}`)
    batch(() => {
      placeConversation(putConversation(next, asked))
      reloadTimeline(id)
      reloadTimeline(next.id)
    })
    refreshCountsSoon()
    return next
  } catch (error) {
    complain(error)
    return null
  }
}

export async function joinConversation(id: Id): Promise<void> {
  const into = await change(id, 'join')
  const here = route.peek()
  if (!into || here.page !== 'inbox' || here.conversation !== id) return
  walk(inboxPath(here.view, into.id))
  settlePath()
}

export const separateConversation = async (id: Id): Promise<void> => void (await change(id, 'separate'))

export async function unrelateConversation(id: Id): Promise<void> {
  try {
    await del(`/conversations/${id}/related`)
    const told = waysOf(id)
    told.value = { ...told.peek(), related: null }
    const old = conversations.peek(id)
    if (old) conversations.set({ ...old, related_id: null })
  } catch (error) {
    complain(error)
  }
}
