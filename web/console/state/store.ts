// The console's one store: every object once, as a signal by its id; lists and timelines hold ids only.
import { batch, computed, signal, type Signal } from '@preact/signals'
import type { Ways } from '../lib/network_types'
import type {
  Agent, Channel, Contact, Conversation, ConversationFull, Id, Message, MySettings, Notification, Session, Tag, Team, View, ViewCount, Viewer,
} from '../lib/types'
import { isLocal, localId } from '../lib/ids'
import { mergeIds, newer, newerMessage } from './reducers'

/** Objects by id, each in its own signal: a change repaints only what reads that object. */
export class Table<T extends { id: Id }> {
  private readonly rows = new Map<Id, Signal<T | undefined>>()
  row(id: Id): Signal<T | undefined> {
    let found = this.rows.get(id)
    if (!found) {
      found = signal<T | undefined>(undefined)
      this.rows.set(id, found)
    }
    return found
  }
  get(id: Id): T | undefined {
    return this.row(id).value
  }
  peek(id: Id): T | undefined {
    return this.rows.get(id)?.peek()
  }
  set(value: T): void {
    this.row(value.id).value = value
  }
  remove(id: Id): void {
    const found = this.rows.get(id)
    if (found) found.value = undefined
    this.rows.delete(id)
  }
  clear(): void {
    this.rows.clear()
  }
  get size(): number {
    return this.rows.size
  }
  /** Forgets what nobody shows, so that a long shift does not grow the heap. */
  keepOnly(wanted: ReadonlySet<Id>): void {
    for (const id of this.rows.keys()) if (!wanted.has(id)) this.rows.delete(id)
  }
}

export interface Timeline {
  ids: Signal<Id[]>
  older: Signal<string | null>
  isLoaded: Signal<boolean>
  isLoading: Signal<boolean>
  error: Signal<string | null>
}

export interface Presence { agents: Viewer[]; isContactTyping: boolean; isContactOnline: boolean | null }

export const session = signal<Session | null>(null)
export const me = computed(() => session.value?.agent ?? null)
export const myId = computed(() => session.value?.agent.id ?? '')
export const mySettings = computed<MySettings>(() => session.value?.agent.settings ?? {})
export const capabilities = computed(() => new Set<string>(session.value?.capabilities ?? []))
export const can = (capability: string): boolean => capabilities.value.has(capability)

export const agents = signal<Agent[]>([])
export const teams = signal<Team[]>([])
export const tags = signal<Tag[]>([])
export const channels = signal<Channel[]>([])
export const views = signal<View[]>([])
export const counts = signal<Record<string, ViewCount>>({})
export const notifications = signal<Notification[]>([])
export const unreadNotifications = computed(() => notifications.value.filter((one) => !one.read_at).length)

const agentById = computed(() => new Map(agents.value.map((one) => [one.id, one])))
const teamById = computed(() => new Map(teams.value.map((one) => [one.id, one])))
export const agentOf = (id: Id | null | undefined): Agent | undefined => (id ? agentById.value.get(id) : undefined)
export const teamOf = (id: Id | null | undefined): Team | undefined => (id ? teamById.value.get(id) : undefined)

export const conversations = new Table<Conversation>()
export const contacts = new Table<Contact>()
export const messages = new Table<Message>()

/** Which answers a conversation allows and the post above it: told when it is opened, kept while its timeline is. */
const ways = new Map<Id, Signal<Ways>>()
export function waysOf(conversation: Id): Signal<Ways> {
  let found = ways.get(conversation)
  if (!found) {
    found = signal<Ways>({})
    ways.set(conversation, found)
  }
  return found
}

const timelines = new Map<Id, Timeline>()
export function timelineOf(conversation: Id): Timeline {
  let found = timelines.get(conversation)
  if (!found) {
    found = { ids: signal<Id[]>([]), older: signal<string | null>(null), isLoaded: signal(false), isLoading: signal(false), error: signal<string | null>(null) }
    timelines.set(conversation, found)
  }
  return found
}
export const peekTimeline = (conversation: Id): Timeline | undefined => timelines.get(conversation)

const MAX_TIMELINES = 30
const MAX_CONTACTS = 200
/** Forgets the timelines least recently opened, so that a long shift does not grow the heap. */
export function touchTimeline(conversation: Id): void {
  const found = timelineOf(conversation)
  timelines.delete(conversation)
  timelines.set(conversation, found)
  for (const [id, timeline] of timelines) {
    if (timelines.size <= MAX_TIMELINES) break
    if (id === conversation) continue
    for (const message of timeline.ids.peek()) messages.remove(message)
    timelines.delete(id)
    ways.delete(id)
  }
  if (contacts.size > MAX_CONTACTS) contacts.keepOnly(new Set([...timelines.keys()].flatMap((id) => conversations.peek(id)?.contact.id ?? [])))
}
/** After a gap in the event stream every kept timeline may miss something. */
export function distrustTimelines(): void {
  for (const timeline of timelines.values()) timeline.isLoaded.value = false
}

const presences = new Map<Id, Signal<Presence>>()
export function presenceOf(conversation: Id): Signal<Presence> {
  let found = presences.get(conversation)
  if (!found) {
    found = signal<Presence>({ agents: [], isContactTyping: false, isContactOnline: null })
    presences.set(conversation, found)
  }
  return found
}

export function putConversation(next: Conversation | ConversationFull): Conversation {
  const merged = newer(conversations.peek(next.id), next)
  conversations.set(merged)
  if ('identities' in next.contact) contacts.set(next.contact as Contact)
  if ('reply' in next || 'post' in next) waysOf(next.id).value = { post: (next as ConversationFull).post ?? null, reply: (next as ConversationFull).reply ?? null }
  return merged
}

/** Stores a message and shows it in its timeline when that is on hand. The local copy of a sent one gives way. */
export function putMessage(next: Message): void {
  const timeline = peekTimeline(next.conversation_id)
  if (!timeline) return
  // The event may overtake the answer to the send: the server's copy then stands already.
  if (isLocal(next.id) && timeline.ids.peek().some((id) => !isLocal(id) && messages.peek(id)?.client_id === next.client_id)) return
  batch(() => {
    messages.set(newerMessage(messages.peek(next.id), next))
    const local = next.client_id && !isLocal(next.id) ? localId(next.client_id) : null
    if (local && timeline.ids.peek().includes(local)) {
      timeline.ids.value = mergeIds(timeline.ids.peek().filter((id) => id !== local), [next.id])
      messages.remove(local)
    } else timeline.ids.value = mergeIds(timeline.ids.peek(), [next.id])
  })
}

const MAX_CONVERSATIONS = 1500
/** Called now and then with the rows of the list: what is neither there nor opened lately goes. */
export function pruneConversations(shown: readonly Id[]): void {
  if (conversations.size <= MAX_CONVERSATIONS + shown.length) return
  const wanted = new Set([...shown, ...timelines.keys()])
  conversations.keepOnly(wanted)
  for (const id of presences.keys()) if (!wanted.has(id)) presences.delete(id)
}

export function dropMessage(conversation: Id, id: Id): void {
  const timeline = peekTimeline(conversation)
  if (timeline) timeline.ids.value = timeline.ids.peek().filter((one) => one !== id)
  messages.remove(id)
}

export function forgetEverything(): void {
  batch(() => {
    session.value = null
    agents.value = []
    teams.value = []
    tags.value = []
    channels.value = []
    views.value = []
    counts.value = {}
    notifications.value = []
    conversations.clear()
    contacts.clear()
    messages.clear()
    timelines.clear()
    ways.clear()
    presences.clear()
  })
}
