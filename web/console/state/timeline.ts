// Loading one conversation and its messages; pages of 50, newest first.
import { batch } from '@preact/signals'
import { get } from '../lib/api'
import type { ConversationFull, Id, Message, Page } from '../lib/types'
import { isLocal } from '../lib/ids'
import { mergeIds, newerMessage, newestPageIds } from './reducers'
import { tick } from './order'
import { messages, myId, presenceOf, putConversation, timelineOf, touchTimeline } from './store'
import { awaitedComposer, focusRequest } from './overlays'
import { errorText } from './toasts'

export const PAGE = 50

/** What an answer to a question of then says of messages. */
export function putMessages(items: readonly Message[], asked: number): Id[] {
  for (const one of items) if (!messages.isToldSince(one.id, asked)) messages.set(newerMessage(messages.peek(one.id), one))
  return items.map((one) => one.id)
}

function take(conversation: Id, page: Page<Message>, asked: number, replace: boolean): void {
  const timeline = timelineOf(conversation)
  batch(() => {
    const ids = putMessages(page.items, asked)
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
  timeline.isLoading.value = true
  timeline.error.value = null
  const { gaps } = timeline
  const asked = tick()
  try {
    const wasLoaded = timeline.isLoaded.peek()
    const [full, page] = await Promise.all([
      get<ConversationFull>(`/conversations/${id}`),
      wasLoaded ? null : get<Page<Message>>(`/conversations/${id}/messages`, { limit: PAGE }),
    ])
    batch(() => {
      putConversation(full, asked)
      const presence = presenceOf(id)
      if (full.viewers && presence.peek().agentsAt < asked) presence.value = { ...presence.peek(), agentsAt: asked, agents: full.viewers.filter((one) => one.agent_id !== myId.peek()) }
      if (page) take(id, page, asked, true)
      timeline.isLoaded.value = gaps === timeline.gaps
    })
  } catch (error) {
    timeline.error.value = errorText(error)
    if (awaitedComposer() === id) focusRequest.value = null
  } finally {
    timeline.isLoading.value = false
  }
  // The stream lost something while this was on its way.
  if (gaps !== timeline.gaps && timeline.error.peek() === null) await load(id)
}

export async function loadOlder(id: Id): Promise<void> {
  const timeline = timelineOf(id)
  const after = timeline.older.peek()
  if (!after || timeline.isLoading.peek()) return
  timeline.isLoading.value = true
  timeline.pageError.value = null
  const { gaps } = timeline
  const asked = tick()
  try {
    const page = await get<Page<Message>>(`/conversations/${id}/messages`, { limit: PAGE, cursor: after })
    if (gaps === timeline.gaps) take(id, page, asked, false)
  } catch (error) {
    timeline.pageError.value = errorText(error)
  } finally {
    timeline.isLoading.value = false
  }
}
