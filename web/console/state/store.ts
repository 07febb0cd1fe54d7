// The console's one store: every object once, as a signal by its id; lists and timelines hold ids only.
import { batch, computed, signal, type Signal } from '@preact/signals'
import type { FunctionComponent } from 'preact'
import type { Ways } from '../lib/network_types'
import type {
  Agent, Channel, Contact, Conversation, ConversationFull, Id, Message, MySettings, Notification, Session, Tag, Team, View, ViewCount, Viewer,
} from '../lib/types'
import { isLocal, localId } from '../lib/ids'
import { SmallList, tick, Unanswered } from './order'
import { mergeIds, newer, newerMessage } from './reducers'

/** Objects by id, each in its own signal: a change repaints only what reads that object. */
export class Table<T extends { id: Id }> {
  private readonly rows = new Map<Id, Signal<T | undefined>>()
  private readonly told = new Map<Id, number>()
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
    this.told.set(value.id, tick())
    this.row(value.id).value = value
  }
  /** Whether something came in after the question was asked: what the answer says is older, or is told again. */
  isToldSince(id: Id, asked: number): boolean {
    return (this.told.get(id) ?? 0) > asked
  }
  remove(id: Id): void {
    const found = this.rows.get(id)
    if (found) found.value = undefined
    this.rows.delete(id)
    this.told.delete(id)
  }
  clear(): void {
    this.rows.clear()
    this.told.clear()
  }
  get size(): number {
    return this.rows.size
  }
  /** Forgets what nobody shows, so that a long shift does not grow the heap. */
  keepOnly(wanted: ReadonlySet<Id>): void {
    for (const id of this.rows.keys()) {
      if (wanted.has(id)) continue
      this.rows.delete(id)
      this.told.delete(id)
    }
  }
}

/** Messages far back, shown in place of the newest while somebody reads there (search/past.tsx). */
export interface Past {
  ids: Signal<Id[]>
  older: Signal<string | null>
  /** On which side the page is missing that did not come; asked for again by `again`. */
  missing: Signal<'before' | 'after' | null>
  again: () => void
  onScroll: (element: HTMLElement) => void
  leave: () => void
  Foot: FunctionComponent
}

export interface Timeline {
  /** Of the newest, without a gap. */
  ids: Signal<Id[]>
  older: Signal<string | null>
  past: Signal<Past | null>
  isLoaded: Signal<boolean>
  isLoading: Signal<boolean>
  error: Signal<string | null>
  /** Why the messages before, or after those of a place far back, did not come. */
  pageError: Signal<string | null>
  /** How often it was distrusted: an answer to a question from before does not make it whole. */
  gaps: number
}

/** agentsAt: when the agents were told of last, see tick. */
export interface Presence { agents: Viewer[]; agentsAt: number; isContactTyping: boolean; isContactOnline: boolean | null }

export const session = signal<Session | null>(null)
export const me = computed(() => session.value?.agent ?? null)
export const myId = computed(() => session.value?.agent.id ?? '')
export const mySettings = computed<MySettings>(() => session.value?.agent.settings ?? {})
export const capabilities = computed(() => new Set<string>(session.value?.capabilities ?? []))
export const can = (capability: string): boolean => capabilities.value.has(capability)

/** What everything else names by id; reference.ts asks for them. */
export const small = {
  agents: new SmallList<Agent>(),
  teams: new SmallList<Team>(),
  tags: new SmallList<Tag>(),
  channels: new SmallList<Channel>(),
  views: new SmallList<View>(),
  notifications: new SmallList<Notification>(true),
}
export const agents = small.agents.items
export const teams = small.teams.items
export const tags = small.tags.items
export const channels = small.channels.items
export const views = small.views.items
export const notifications = small.notifications.items
export const counts = signal<Record<string, ViewCount>>({})
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
    found = { ids: signal<Id[]>([]), older: signal<string | null>(null), past: signal<Past | null>(null), isLoaded: signal(false), isLoading: signal(false), error: signal<string | null>(null), pageError: signal<string | null>(null), gaps: 0 }
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
  for (const timeline of timelines.values()) {
    timeline.isLoaded.value = false
    timeline.gaps++
  }
}

/** Messages left it or came into its middle: what is on hand of it is no use. */
export function forgetTimeline(conversation: Id): void {
  const timeline = peekTimeline(conversation)
  if (!timeline) return
  timeline.past.peek()?.leave()
  timeline.ids.value = timeline.ids.peek().filter(isLocal)
  timeline.older.value = null
  timeline.isLoaded.value = false
  timeline.gaps++
}

const presences = new Map<Id, Signal<Presence>>()
export function presenceOf(conversation: Id): Signal<Presence> {
  let found = presences.get(conversation)
  if (!found) {
    found = signal<Presence>({ agents: [], agentsAt: 0, isContactTyping: false, isContactOnline: null })
    presences.set(conversation, found)
  }
  return found
}

export const changedConversations = new Unanswered<Conversation>()
export const changedContacts = new Unanswered<Contact>()

/** When an agent's own marks (read, unread) were set last: no version counts them. */
const marked = new Map<Id, number>()
export function setUnread(id: Id, unread_count: number): void {
  marked.set(id, tick())
  const old = conversations.peek(id)
  changedConversations.amend(id, { unread_count })
  if (old && old.unread_count !== unread_count) conversations.set({ ...old, unread_count })
}

/** asked: for an answer, the tick of its question; an event has none. */
export function putConversation(next: Conversation | ConversationFull, asked = Infinity): Conversation {
  const old = conversations.peek(next.id)
  const newest = newer(old, next)
  if ('reply' in next || 'post' in next) {
    const told = waysOf(next.id)
    if (newest === next || !told.peek().reply) told.value = { post: (next as ConversationFull).post ?? null, reply: (next as ConversationFull).reply ?? null, related: (next as ConversationFull).related ?? null }
  }
  if (newest === next) {
    const isMarkedSince = old && (marked.get(next.id) ?? 0) > asked
    conversations.set(changedConversations.told(isMarkedSince ? { ...next, unread_count: old.unread_count } : next))
  }
  if ('identities' in next.contact) putContact(next.contact as Contact)
  return conversations.peek(next.id) ?? next
}

/** Lists leave the identities out; those known are kept. */
export function putContact(next: Contact): void {
  const old = contacts.peek(next.id)
  if (old && Date.parse(old.updated_at) > Date.parse(next.updated_at)) return
  contacts.set(changedContacts.told({ ...next, identities: next.identities ?? old?.identities }))
}

/** Stores a message and shows it in its timeline when that is on hand. The local copy of a sent one gives way. `asked` as above. */
export function putMessage(next: Message, asked = Infinity): void {
  const timeline = peekTimeline(next.conversation_id)
  if (!timeline) return
  if (messages.isToldSince(next.id, asked)) return
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

/** Networks often tell who somebody is after what they wrote: the name known now stands in for one that was not known then. */
export function writerName({ author, conversation_id }: Message): string | null {
  const contact: { id: Id; name: string; email?: string | null } | undefined = conversations.get(conversation_id)?.contact
  return author.name || (contact && contact.id === author.id ? contact.name || contact.email || null : null)
}

const MAX_CONVERSATIONS = 1500
/** Called now and then with the rows of the list: what is neither there nor opened lately goes. */
export function pruneConversations(shown: readonly Id[]): void {
  if (conversations.size <= MAX_CONVERSATIONS + shown.length) return
  const wanted = new Set([...shown, ...timelines.keys()])
  conversations.keepOnly(wanted)
  for (const all of [presences, marked]) for (const id of all.keys()) if (!wanted.has(id)) all.delete(id)
}

export function dropMessage(conversation: Id, id: Id): void {
  const timeline = peekTimeline(conversation)
  if (timeline) timeline.ids.value = timeline.ids.peek().filter((one) => one !== id)
  messages.remove(id)
}

export function forgetEverything(): void {
  batch(() => {
    session.value = null
    for (const list of Object.values(small)) list.forget()
    counts.value = {}
    conversations.clear()
    contacts.clear()
    messages.clear()
    changedConversations.clear()
    changedContacts.clear()
    marked.clear()
    timelines.clear()
    ways.clear()
    presences.clear()
  })
}
