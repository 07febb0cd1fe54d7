// The controller: starts and resumes the visitor's session, loads history, keeps the stream, sends what
// the queue holds, and tells the loader what the launcher must show. Components call its functions.
import { loadWidget, widgetLocales, type WidgetLocale } from '../../shared/gen/widget'
import { directionOf, makeTranslator } from '../../shared/messages'
import type { Identity, Page, ToLoader } from '../protocol'
import { ApiError, call, request, setToken } from './api'
import { exclusively, forget, keep, recall } from './memory'
import { makeQueue, type Outgoing, type Verdict } from './queue'
import { chime } from './sound'
import { backoffMs, pause, runStream, type ServerEvent } from './sse'
import * as state from './state'
import { compareIds, markRead, merge } from './timeline'
import type { Attachment, Config, History, Session, WidgetMessage } from './types'

interface Kept {
  token: string
  identity_id: string | null
  last_read: string
  sound: boolean
}

let key = ''
let identity: Identity | null = null
/** The identity that the running session was opened with. */
let used: Identity | null = null
let page: Page | null = null
let tellLoader: (message: ToLoader) => void = () => {}
let kept: Kept | null = null
let stream: AbortController | null = null
let lastEventId: string | null = null
/** An agent has read up to here. */
let readUpTo = '0'
/** Grow with each visitor and each start: what was asked for an earlier one is for nobody now. */
let visitor = 0
let starts = 0
/** Moments; what the stream has told since a question stands over its answer. */
let ticks = 0
let historyAt = 0
let conversationAt = 0
const toldAt = new Map<string, number>()
let typingTimer: ReturnType<typeof setTimeout> | undefined
let queue: ReturnType<typeof makeQueue>

const place = (part = '') => `seva:${key}${part}`

/* Words */

export async function loadWords(wanted: string): Promise<void> {
  const base = wanted.toLowerCase().split('-')[0] as WidgetLocale
  const locale = widgetLocales.includes(base) ? base : 'en'
  const table = (await loadWidget[locale]()).messages
  state.words.value = makeTranslator(locale, table)
  state.locale.value = locale
  document.documentElement.lang = locale
  document.documentElement.dir = directionOf(locale)
}

/* Session */

export interface Start {
  key: string
  locale: string
  tell: (message: ToLoader) => void
  identity: Identity | null
}

export async function start(options: Start): Promise<void> {
  key = options.key
  tellLoader = options.tell
  await loadWords(options.locale)
  queue = makeQueue({
    store: { read: () => recall<Outgoing[]>(place(':queue')) ?? [], write: (list) => (list.length ? keep(place(':queue'), list) : forget(place(':queue'))) },
    send,
    wait: (attempt) => pause(backoffMs(attempt), undefined),
    onChange: (list) => (state.outgoing.value = list),
    exclusively: (work) => exclusively(place(':send'), work),
  })
  identity = options.identity
  await begin()
}

/** Config, session, history; from the start of the frame and again after "try again". */
export async function begin(): Promise<void> {
  const start = ++starts
  const isWanted = () => start === starts
  state.phase.value = 'loading'
  try {
    const config = await call<Config>('GET', `/${encodeURIComponent(key)}/config`)
    if (!isWanted()) return
    state.config.value = config
    kept = recall<Kept>(place())
    if (kept) {
      state.isSoundOn.value = kept.sound
      state.lastRead.value = kept.last_read
    }
    if (state.config.value.settings.require_identity && !identity && !kept) {
      state.phase.value = 'identity'
      return
    }
    await openSession(isWanted)
    if (!isWanted()) return
    if (identity !== used) return await begin()
    state.phase.value = 'ready'
    queue.refresh()
    if (queue.list().length) void queue.flush()
  } catch (error) {
    if (!isWanted()) return
    if (error instanceof ApiError && error.status === 404) state.phase.value = 'gone'
    else if (error instanceof ApiError && (error.status === 401 || error.status === 403)) state.phase.value = 'identity'
    else state.phase.value = 'broken'
  }
}

/** In which language and time zone mails to the visitor are written. */
const reader = (): Record<string, unknown> => ({ locale: state.locale.value, time_zone: Intl.DateTimeFormat().resolvedOptions().timeZone })

async function openSession(isWanted: () => boolean): Promise<void> {
  // Somebody else signed in on the customer's site: their chat is another one.
  const isOther = kept && identity && kept.identity_id !== null && kept.identity_id !== identity.id
  if (isOther) leave()
  const resume = kept?.token ?? state.session.value?.token
  const body: Record<string, unknown> = reader()
  if (resume) body['resume_token'] = resume
  used = identity
  if (identity) body['identity'] = identity
  if (page) body['page'] = page
  const session = await call<Session>('POST', `/${encodeURIComponent(key)}/session`, body)
  if (!isWanted()) return
  setToken(session.token)
  state.session.value = session
  state.conversation.value = session.conversation
  if (session.conversation || identity || kept) remember()
  if (session.conversation) {
    state.isFormDone.value = true
    // In this order: where another tab reads the stream, nothing else tells what comes after the history.
    connect()
    await loadHistory()
  }
}

function remember(): void {
  const session = state.session.value
  if (!session) return
  kept = {
    token: session.token,
    identity_id: identity?.id ?? kept?.identity_id ?? null,
    last_read: state.lastRead.value,
    sound: state.isSoundOn.value,
  }
  keep(place(), kept)
  if (state.conversation.value || state.messages.value.length) tellLoader({ type: 'started' })
}

/** Forgets the visitor in this browser. */
function leave(): void {
  stream?.abort()
  stream = null
  lastEventId = null
  readUpTo = '0'
  visitor++
  historyAt = 0
  toldAt.clear()
  kept = null
  queue.clear()
  forget(place())
  setToken('')
  state.session.value = null
  state.messages.value = []
  state.conversation.value = null
  state.agent.value = null
  state.isFormDone.value = false
  state.lastRead.value = '0'
  state.isConnected.value = null
}

export function reset(): void {
  identity = null
  leave()
  tellLoader({ type: 'ended' })
  void begin()
}

export function identify(who: Identity): void {
  if (identity?.id === who.id && identity.hash === who.hash) return
  identity = who
  // Before the start has come to the session it will take the identity along.
  if (state.phase.value !== 'loading') void begin()
}

function same(): () => boolean {
  const who = visitor
  return () => who === visitor
}

/** One request with the visitor's token; a token that ran out is renewed once. */
async function ask<T>(method: string, path: string, body?: unknown): Promise<T> {
  const isWanted = same()
  try {
    return await call<T>(method, path, body)
  } catch (error) {
    if (!(error instanceof ApiError) || error.status !== 401 || !isWanted()) throw error
    await openSession(isWanted)
    if (!isWanted()) throw error
    return call<T>(method, path, body)
  }
}

/* History and live events */

async function loadHistory(): Promise<void> {
  const isWanted = same()
  const asked = ++ticks
  const history = await call<History>('GET', '/conversation')
  if (!isWanted() || asked < historyAt) return
  if (asked > conversationAt) {
    state.conversation.value = history.conversation
    state.agent.value = history.agent
  }
  noteAgentRead(history.read_upto)
  // Kept older pages stay; what the stream brought meanwhile stays too.
  if (!historyAt) state.older.value = history.next
  historyAt = asked
  take(notTold(history.messages, asked), false)
}

const notTold = (list: WidgetMessage[], asked: number) => list.filter((message) => (toldAt.get(message.id) ?? 0) < asked)

export async function loadOlder(): Promise<void> {
  const cursor = state.older.value
  if (!cursor) return
  const isWanted = same()
  const asked = ++ticks
  const history = await ask<History>('GET', `/conversation?cursor=${encodeURIComponent(cursor)}`)
  if (!isWanted()) return
  state.older.value = history.next
  take(notTold(history.messages, asked), false)
}

/** A replayed event may be older than the news that its message was read. */
function show(list: WidgetMessage[]): void {
  state.messages.value = markRead(list, readUpTo)
}

function noteAgentRead(upTo: unknown): void {
  if (typeof upTo === 'string' && compareIds(upTo, readUpTo) > 0) readUpTo = upTo
}

function take(more: WidgetMessage[], isNews: boolean): void {
  const known = state.messages.value
  const highest = known[known.length - 1]?.id ?? '0'
  const mine = new Set(more.map((message) => message.client_id).filter(Boolean))
  if (state.outgoing.value.some((item) => mine.has(item.client_id))) {
    for (const id of mine) queue.discard(id as string)
  }
  show(merge(known, more))
  const fresh = more.filter((message) => message.from === 'agent' && compareIds(message.id, highest) > 0)
  if (isNews && fresh.length) {
    state.typing.value = null
    // Whoever writes is here, whatever it looked like when the chat was opened.
    if (state.config.value) state.config.value = { ...state.config.value, is_staffed: true }
    if (state.isSoundOn.value && !isSeen()) chime()
    // Somebody else answers now: fetch who it is, with photo and introduction.
    if (fresh[fresh.length - 1]?.author.name !== state.agent.value?.name) void loadHistory().catch(() => {})
  }
  noteRead()
}

function connect(): void {
  if (stream) return
  const own = (stream = new AbortController())
  const run = () =>
    runStream({
      lastId: () => lastEventId,
      onEvent: (event) => {
        hearEvent(event)
        channel?.postMessage(event)
      },
      onState: (isUp) => (state.isConnected.value = isUp),
      onRefused: () => {
        if (stream !== own) return
        stream = null
        // A token that ran out is renewed; never in a tight loop, whatever the server says.
        void pause(backoffMs(4), own.signal).then(() => openSession(same())).catch(() => {})
      },
      signal: own.signal,
    })
  // One stream per browser: one tab reads, the others listen to it.
  const name = place(`:stream:${state.session.value?.visitor_id}:${kept?.identity_id ?? ''}`)
  let channel: BroadcastChannel | undefined
  try {
    channel = new BroadcastChannel(name)
    channel.onmessage = (event) => hearEvent(event.data as ServerEvent)
    own.signal.addEventListener('abort', () => channel?.close())
  } catch {
    // Refused together with storage: every tab reads for itself.
  }
  if (channel) void exclusively(name, run, own.signal).catch(() => {})
  else void run()
}

function hearEvent(event: ServerEvent): void {
  if (event.id !== null) lastEventId = event.id
  if (event.type === 'reset') {
    lastEventId = event.id
    void loadHistory().catch(() => {})
    return
  }
  if (event.type === 'hello') {
    // Without a resume point something may have come between history and stream.
    void loadHistory().catch(() => {})
    return
  }
  let data: Record<string, unknown>
  try {
    data = JSON.parse(event.data) as Record<string, unknown>
  } catch {
    return
  }
  // Stored events come as {id, type, data: …}, passing ones bare.
  const body = (data['data'] ?? data) as Record<string, unknown>
  switch (event.type) {
    case 'message.created':
    case 'message.updated': {
      const message = (body['message'] ?? body) as WidgetMessage
      toldAt.set(message.id, ++ticks)
      return take([message], event.type === 'message.created')
    }
    case 'conversation.updated': {
      const conversation = (body['conversation'] ?? body) as { id: string; status: string; agent?: History['agent'] }
      conversationAt = ++ticks
      state.conversation.value = { id: conversation.id, status: conversation.status }
      if (conversation.agent !== undefined) state.agent.value = conversation.agent
      return
    }
    case 'typing': {
      clearTimeout(typingTimer)
      const author = body['author'] as { name?: string } | undefined
      state.typing.value = body['is_typing'] ? (author?.name ?? '') : null
      typingTimer = setTimeout(() => (state.typing.value = null), 12_000)
      return
    }
    case 'read':
      noteAgentRead(body['message_id'])
      show(state.messages.value)
  }
}

/* Sending */

async function send(message: Outgoing): Promise<Verdict> {
  const isWanted = same()
  const asked = ++ticks
  try {
    const body: Record<string, unknown> = { client_id: message.client_id, text: message.text, ...reader() }
    if (message.attachments.length) body['attachment_ids'] = message.attachments.map((attachment) => attachment.id)
    if (page) body['page'] = { url: page.url, title: page.title }
    const stored = await ask<WidgetMessage>('POST', '/messages', body)
    state.isOnline.value = true
    if (!isWanted()) return 'sent'
    show(merge(state.messages.value, notTold([stored], asked)))
    if (!stream) {
      if (!state.conversation.value) state.conversation.value = { id: '', status: 'open' }
      connect()
    }
    remember()
    return 'sent'
  } catch (error) {
    if (error instanceof ApiError && !error.isPassing) return 'refused'
    return 'later'
  }
}

export function write(text: string, attachments: Attachment[]): void {
  state.isFormDone.value = true
  queue.add({ client_id: newId(), text, attachments, at: Date.now() })
}

export const retry = (id: string) => queue.retry(id)
export const discard = (id: string) => queue.discard(id)

/** crypto.randomUUID exists in secure contexts only; a shop on plain http has getRandomValues. */
export function newId(): string {
  const bytes = crypto.getRandomValues(new Uint8Array(16))
  bytes[6] = ((bytes[6] as number) & 15) | 64
  bytes[8] = ((bytes[8] as number) & 63) | 128
  const hex = [...bytes].map((byte) => byte.toString(16).padStart(2, '0')).join('')
  return hex.replace(/^(.{8})(.{4})(.{4})(.{4})(.{12})$/, '$1-$2-$3-$4-$5')
}

export async function sendForm(fields: Record<string, string>, consent: boolean): Promise<void> {
  await ask('POST', '/prechat', { fields, consent })
  state.isFormDone.value = true
  const session = state.session.value
  if (session && fields['email']) state.session.value = { ...session, contact: { ...session.contact, email: fields['email'] } }
  remember()
}

/* Small news to the server */

const quietly = (method: string, path: string, body: unknown) => void ask(method, path, body).catch(() => {})

let isTyping = false
let typingSentAt = 0
export function noteTyping(now: boolean): void {
  if (!state.conversation.value) return
  if (now === isTyping && (!now || Date.now() - typingSentAt < 4000)) return
  isTyping = now
  typingSentAt = Date.now()
  quietly('POST', '/typing', { is_typing: now })
}

const isSeen = () => state.isOpen.value && document.visibilityState === 'visible'

/** Marks what is on screen as read, here and on the server; else counts it on the launcher. */
export function noteRead(): void {
  const unread = state.unread.value
  const last = unread[unread.length - 1]
  if (last && isSeen()) {
    state.lastRead.value = last.id
    remember()
    quietly('POST', '/read', { message_id: last.id })
  }
  tellLoader({ type: 'unread', count: state.unread.value.length })
}

export function notePage(next: Page): void {
  const isNew = page?.url !== next.url
  page = next
  if (isNew && state.conversation.value) quietly('POST', '/page', { url: next.url, title: next.title })
}

export function setSound(isOn: boolean): void {
  state.isSoundOn.value = isOn
  if (kept) remember()
}

/** Downloads what was said; throws when it cannot. */
export async function downloadTranscript(): Promise<void> {
  await saveFile(await (await request('GET', '/transcript')).blob(), 'transcript.html')
}

/** Has what was said mailed to the address that the visitor gave; throws when it cannot. */
export async function mailTranscript(): Promise<void> {
  await ask('POST', '/transcript')
}

export async function saveFile(blob: Blob, name: string): Promise<void> {
  const link = document.createElement('a')
  link.href = URL.createObjectURL(blob)
  link.download = name
  link.click()
  setTimeout(() => URL.revokeObjectURL(link.href), 60_000)
}

export function listen(): void {
  addEventListener('online', () => {
    state.isOnline.value = true
    if (state.phase.value === 'broken') void begin()
  })
  addEventListener('offline', () => (state.isOnline.value = false))
  document.addEventListener('visibilitychange', noteRead)
  addEventListener('storage', (event) => {
    if (event.key === place(':queue')) queue.refresh()
  })
}

