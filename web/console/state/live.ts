// What the server tells of its own accord: joins the browser's one stream and applies each event to the store.
import { batch, signal } from '@preact/signals'
import { LiveStream, type StreamState } from '../lib/sse'
import type { Agent, Channel, Contact, Conversation, Id, LiveEvent, Message, Notification, Viewer } from '../lib/types'
import workerUrl from './stream.worker.ts?worker&url'
import { putCalls, refreshCalls, type Call } from './calls'
import { takeDraft } from './drafts'
import { listError, listIds, loadList, loadMore, moreError, placeConversation, refreshCountsSoon } from './lists'
import { tick } from './order'
import { refreshReference, refreshViews, refreshPeople, refreshTags } from './reference'
import { announce } from './notify'
import { reloadTimeline } from './joining'
import {
  contacts, conversations, distrustTimelines, myId, notifications, presenceOf, putContact, putConversation, putMessage, session, small, timelineOf,
} from './store'
import { pumpOutbox } from './sending'
import { openConversation } from './timeline'
import { openConversationId, route } from '../lib/router'
import { compareIds } from '../lib/ids'
import type { FromWorker, ToWorker } from './stream.worker'

/** Pages that show more than the store holds. */
const listeners = new Set<(event: LiveEvent) => void>()
/** Also tells each event to `listener`, after the store has it. The answer ends that. */
export function onEvent(listener: (event: LiveEvent) => void): () => void {
  listeners.add(listener)
  return () => void listeners.delete(listener)
}

export const streamState = signal<StreamState>('connecting')
let port: MessagePort | null = null
let own: LiveStream | null = null
let hasGreeted = false

const policy: { createScriptURL(url: string): unknown } | undefined = (
  globalThis as { trustedTypes?: { createPolicy(name: string, rules: { createScriptURL(url: string): string }): { createScriptURL(url: string): unknown } } }
).trustedTypes?.createPolicy('seva-worker', {
  createScriptURL(url) {
    if (url !== workerUrl) throw new TypeError('not our worker: ' + url)
    return url
  },
})

function setState(state: StreamState): void {
  const was = streamState.peek()
  streamState.value = state
  document.documentElement.dataset['stream'] = state
  if (state !== 'live' || was === 'live') return
  pumpOutbox()
  askAgain()
}

/** What did not come while the line was down. */
function askAgain(): void {
  if (listError.peek()) void loadList()
  else if (moreError.peek()) void loadMore()
  const id = openConversationId.peek()
  if (id && timelineOf(id).error.peek()) void openConversation(id)
}

export function startLive(): void {
  hasGreeted = false
  const handlers = { onEvent: applyEvent, onState: setState }
  try {
    const url = (policy?.createScriptURL(workerUrl) ?? workerUrl) as string
    const worker = new SharedWorker(url, { type: 'module', name: 'seva-stream' })
    worker.onerror = () => startOwn(handlers)
    port = worker.port
    port.onmessage = (event: MessageEvent<FromWorker>) => {
      if (event.data.type === 'event') applyEvent(event.data.event)
      else setState(event.data.state)
    }
    tell({ type: 'join', session: session.peek()?.session_id ?? '' })
  } catch {
    startOwn(handlers)
  }
}

/** Without SharedWorker (Chrome on Android) each tab reads its own stream. */
function startOwn(handlers: { onEvent(event: LiveEvent): void; onState(state: StreamState): void }): void {
  port = null
  own ??= new LiveStream('/api/v1/stream', handlers)
  own.start()
}

function tell(message: ToWorker): void {
  port?.postMessage(message)
}
export function leaveLive(): void {
  tell({ type: 'leave' })
}
export function stopLive(): void {
  tell({ type: 'stop' })
  // What is on its way to it was for who has left.
  if (port) port.onmessage = null
  port = null
  own?.stop()
  own = null
}
export function nudgeLive(): void {
  tell({ type: 'nudge' })
  own?.nudge()
}

/** Everything on screen anew: events were missed that the server no longer replays. */
export function reloadAll(): void {
  distrustTimelines()
  void loadList(true, listIds.peek().length)
  refreshCountsSoon()
  refreshReference()
  refreshCalls()
  const current = route.peek()
  if (current.page === 'inbox' && current.conversation) void openConversation(current.conversation)
}

/** Activities with which messages go from one conversation to another. */
const MOVES = new Set(['joined', 'joined_into', 'separated'])

function takeMessage(data: Record<string, unknown>, isCreated: boolean): void {
  const message = (data['message'] ?? data) as Message
  if (!message.conversation_id) return
  const old = conversations.peek(message.conversation_id)
  const isNewer = isCreated && (!old?.last_message_id || compareIds(message.id, old.last_message_id) > 0)
  const conversation = data['conversation'] as Conversation | undefined
  if (conversation) takeConversation(conversation, isNewer && message.kind === 'in' && !message.is_automatic ? 1 : 0)
  putMessage(message)
  if (isCreated && MOVES.has(message.activity?.type ?? '')) reloadTimeline(message.conversation_id)
  if (!isNewer || message.kind !== 'in' || message.is_automatic) return
  const presence = presenceOf(message.conversation_id)
  if (presence.peek().isContactTyping) presence.value = { ...presence.peek(), isContactTyping: false }
  if (conversation) announce(message, conversation)
}

/** Events are made for everybody and leave `unread_count` and `draft` out: those stay ours, raised by what just came in. */
function takeConversation(next: Conversation, unreadMore: number): void {
  const old = conversations.peek(next.id)
  const unread_count = next.unread_count ?? (old?.unread_count ?? 0) + unreadMore
  const draft = next.draft ?? old?.draft ?? false
  placeConversation(putConversation({ ...next, unread_count, draft }))
}

function takePresence(data: Record<string, unknown>): void {
  const id = data['conversation_id'] as Id | undefined
  if (!id) return
  const contact = data['contact'] as { is_typing?: boolean; is_online?: boolean } | undefined
  const presence = presenceOf(id)
  const old = presence.peek()
  presence.value = {
    agentsAt: data['agents'] ? tick() : old.agentsAt,
    agents: ((data['agents'] as Viewer[] | undefined) ?? old.agents).filter((one) => one.agent_id !== myId.peek() && one.state !== 'left'),
    isContactTyping: contact?.is_typing ?? old.isContactTyping,
    isContactOnline: contact?.is_online ?? old.isContactOnline,
  }
}

export function applyEvent(event: LiveEvent): void {
  const { data } = event
  const inner = <T>(name: string): T => (data[name] ?? data) as T
  batch(() => {
    switch (event.type) {
      case 'hello':
        if (!hasGreeted || (!data['resumed'] && !data['joined'])) {
          hasGreeted = true
          reloadAll()
        }
        break
      case 'reset':
        reloadAll()
        break
      case 'message.created':
      case 'message.updated':
        takeMessage(data, event.type === 'message.created')
        refreshCountsSoon()
        break
      case 'conversation.created':
      case 'conversation.updated': {
        const conversation = inner<Conversation>('conversation')
        const isUnseen = event.type === 'conversation.created' && !conversations.peek(conversation.id) && conversation.preview_kind === 'in'
        takeConversation(conversation, isUnseen ? 1 : 0)
        refreshCountsSoon()
        break
      }
      case 'call.created':
      case 'call.updated':
        putCalls([inner<Call>('call')])
        break
      case 'contact.updated': {
        const contact = inner<Contact>('contact')
        const old = contacts.peek(contact.id)
        if (old) putContact({ ...old, ...contact })
        break
      }
      case 'notification.created': {
        const one = inner<Notification>('notification')
        if (!notifications.peek().some((other) => other.id === one.id)) small.notifications.put(one)
        announce(one, null)
        break
      }
      case 'channel.updated':
        if (data['channel'] !== null) small.channels.put(inner<Channel>('channel'))
        else if (event.subject) small.channels.remove(event.subject.id)
        break
      case 'agent.updated':
        small.agents.put(inner<Agent>('agent'))
        break
      case 'team.updated':
        refreshPeople()
        break
      case 'tag.updated':
        refreshTags()
        break
      case 'view.updated':
        refreshViews()
        break
      case 'draft.updated': {
        const draft = inner<{ conversation_id: Id; kind: 'reply' | 'note'; text: string; updated_at: string | null }>('draft')
        if (draft.conversation_id) takeDraft(draft.conversation_id, draft)
        break
      }
      case 'presence.changed':
        takePresence(data)
        break
      default:
        break
    }
    for (const listener of listeners) listener(event)
  })
}

