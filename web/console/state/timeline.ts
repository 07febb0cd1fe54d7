// Loading one conversation and its messages; pages of 50, newest first.
import { batch } from '@preact/signals'
import { get } from '../lib/api'
import type { ConversationFull, Id, Message, Page } from '../lib/types'
import { isLocal } from '../lib/ids'
import { mergeIds, newerMessage, newestPageIds } from './reducers'
import { messages, myId, presenceOf, putConversation, timelineOf, touchTimeline } from './store'
import { awaitedComposer, focusRequest } from './overlays'
import { errorText } from './toasts'

const PAGE = 50

function take(conversation: Id, page: Page<Message>, replace: boolean): void {
  const timeline = timelineOf(conversation)
  batch(() => {
    for (const one of page.items) messages.set(newerMessage(messages.peek(one.id), one))
    const ids = page.items.map((one) => one.id)
    const known = new Set(page.items.map((one) => one.client_id).filter(Boolean))
    const kept = timeline.ids.peek().filter((id) => !(isLocal(id) && known.has(messages.peek(id)?.client_id ?? '')))
    timeline.ids.value = replace ? newestPageIds(kept, ids) : mergeIds(kept, ids)
    timeline.older.value = page.next
  })
}

const underWay = new Map<Id, Promise<void>>()
/** Who asks while the answer is under way waits for the same one. */
export function openConversation(id: Id): Promise<void> {
  touchTimeline(id)
  const asked = underWay.get(id) ?? load(id).finally(() => underWay.delete(id))
  underWay.set(id, asked)
  return asked
}

async function load(id: Id): Promise<void> {
  const timeline = timelineOf(id)
  if (timeline.isLoading.peek()) return
  timeline.isLoading.value = true
  timeline.error.value = null
  try {
    const wasLoaded = timeline.isLoaded.peek()
    const [full, page] = await Promise.all([
      get<ConversationFull>(`/conversations/${id}`),
      wasLoaded ? null : get<Page<Message>>(`/conversations/${id}/messages`, { limit: PAGE }),
    ])
    batch(() => {
      putConversation(full)
      if (full.viewers) {
        const presence = presenceOf(id)
        presence.value = { ...presence.peek(), agents: full.viewers.filter((one) => one.agent_id !== myId.peek()) }
      }
      if (page) take(id, page, true)
      timeline.isLoaded.value = true
    })
  } catch (error) {
    timeline.error.value = errorText(error)
    if (awaitedComposer() === id) focusRequest.value = null
  } finally {
    timeline.isLoading.value = false
  }
}

export async function loadOlder(id: Id): Promise<void> {
  const timeline = timelineOf(id)
  const after = timeline.older.peek()
  if (!after || timeline.isLoading.peek()) return
  timeline.isLoading.value = true
  try {
    take(id, await get<Page<Message>>(`/conversations/${id}/messages`, { limit: PAGE, cursor: after }), false)
  } catch {
    // Scrolling up again asks again.
  } finally {
    timeline.isLoading.value = false
  }
}
