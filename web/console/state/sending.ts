// Sending replies and notes: the outbox bound to this browser's storage and the server, and what a person does about a send (undo, review, retry).
import { batch, signal } from '@preact/signals'
import { ApiError, call, get, post } from '../lib/api'
import { isLocal, localId, uuid } from '../lib/ids'
import type { Visibility } from '../lib/network_types'
import type { Attachment, Id, Message } from '../lib/types'
import { changeDraft, clearDraft, draftOf, type DraftKind } from './drafts'
import { filesOf, postedOf, readPosted, tellers } from './mail_draft'
import { Outbox, type OutboxItem, type SendResult } from './outbox'
import { tick } from './order'
import { lastServerId } from './reducers'
import { conversations, dropMessage, me, messages, myId, peekTimeline, putMessage, timelineOf, waysOf } from './store'
import { complain, errorText, toast } from './toasts'
import { dropUndo, pushUndo } from './undo'
import { t } from '../lib/i18n'

const storageKey = (): string => 'seva.outbox.' + myId.peek()
const LOCK = 'seva-outbox'
const RETRY_MS = 3000

export const outboxItems = signal<readonly OutboxItem[]>([])
/** What the server showed when it stopped a stale reply: by client id. */
export const unseen = signal<Record<string, Message[]>>({})

let wakeSleep: (() => void) | null = null
const undoIds = new Map<string, number>()
/** Taken back while they were on their way to the server: decided when that has an end. */
const unwanted = new Map<string, Id>()

function sendBody(item: OutboxItem): Record<string, unknown> {
  return {
    kind: item.kind,
    text: item.text,
    client_id: item.client_id,
    ...(item.attachment_ids.length ? { attachment_ids: item.attachment_ids } : {}),
    ...(item.mentions.length ? { mentions: item.mentions } : {}),
    ...(item.kind === 'reply' && item.seen_message_id ? { seen_message_id: item.seen_message_id } : {}),
    ...(item.force ? { force: true } : {}),
    ...(item.then ? { then: item.then } : {}),
    ...(item.visibility ? { visibility: item.visibility } : {}),
    ...(item.reply_to_id ? { reply_to_id: item.reply_to_id } : {}),
    ...(item.parts?.length ? { parts: item.parts } : {}),
    ...(item.mail ? { mail: item.mail } : {}),
    ...(item.send_at ? { send_at: item.send_at } : {}),
    ...(item.confirm_public ? { confirm_public: true } : {}),
  }
}

async function transport(item: OutboxItem): Promise<SendResult> {
  const asked = tick()
  try {
    putMessage(await post<Message>(`/conversations/${item.conversation_id}/messages`, sendBody(item)), asked)
    return { kind: 'sent' }
  } catch (error) {
    if (!(error instanceof ApiError)) throw error
    if (error.code === 'conflict.stale') {
      unseen.value = { ...unseen.peek(), [item.client_id]: error.body.details?.messages ?? [] }
      for (const one of error.body.details?.messages ?? []) putMessage(one)
      return { kind: 'stale' }
    }
    if (error.code === 'conflict.personal') return { kind: 'personal', findings: error.body.details?.findings ?? [] }
    if (error.isTransient || error.status === 401) return { kind: 'later', afterMs: (error.retryAfterSeconds ?? 0) * 1000 || RETRY_MS }
    return { kind: 'refused', error: errorText(error) }
  }
}

export const outbox = new Outbox({
  load: () => (myId.peek() ? localStorage.getItem(storageKey()) : null),
  save: (text) => localStorage.setItem(storageKey(), text),
  send: transport,
  changed: showOutbox,
  async exclusively(work) {
    if (!('locks' in navigator)) return work()
    await navigator.locks.request(LOCK, work)
  },
  wait: (ms) =>
    new Promise((resolve) => {
      const timer = setTimeout(resolve, ms)
      wakeSleep = () => {
        clearTimeout(timer)
        resolve()
      }
    }),
})

/** The local copy of what waits, at the end of its conversation. */
function showOutbox(items: readonly OutboxItem[]): void {
  outboxItems.value = items
  for (const item of items) {
    if (!peekTimeline(item.conversation_id)) continue
    const id = localId(item.client_id)
    const state = item.state === 'refused' ? 'failed' : item.state === 'review' || item.state === 'personal' ? 'held' : 'queued'
    const old = messages.peek(id)
    if (old?.state === state && old.error === item.error) continue
    putMessage(old ? { ...old, state, error: item.error } : localMessage(item, state))
  }
  for (const [clientId, conversation] of unwanted) {
    if (items.find((item) => item.client_id === clientId)?.state === 'sending') continue
    unwanted.delete(clientId)
    // Not now: the outbox is in the middle of a change.
    queueMicrotask(() => void cancelSend(conversation, clientId))
  }
}

function localMessage(item: OutboxItem, state: Message['state'], attachments: Attachment[] = []): Message {
  const self = me.peek()
  return {
    id: localId(item.client_id),
    conversation_id: item.conversation_id,
    kind: item.kind === 'note' ? 'note' : 'out',
    author: { kind: 'agent', id: self?.id ?? null, name: self?.name ?? '', photo_url: self?.photo_url ?? null },
    text: item.text,
    attachments,
    state,
    error: item.error,
    held_until: null,
    planned_at: item.send_at ?? null,
    client_id: item.client_id,
    mentions: item.mentions,
    activity: null,
    is_automatic: false,
    visibility: item.visibility ?? waysOf(item.conversation_id).peek().reply?.default_visibility ?? 'private',
    sent_at: new Date(item.at).toISOString(),
    received_at: null,
    edited_at: null,
    reply_to_id: item.reply_to_id ?? null,
    read_by_contact_at: null,
    deleted_at: null,
    parts: item.parts ?? [],
    reactions: [], by_mail: false,
  }
}

/** Another tab may have finished what this one still shows as waiting. */
export function restoreOutbox(conversation: Id): void {
  const waiting = new Set(outboxItems.peek().map((item) => localId(item.client_id)))
  for (const id of timelineOf(conversation).ids.peek()) {
    if (id.startsWith('local:') && !waiting.has(id)) dropMessage(conversation, id)
  }
  showOutbox(outboxItems.peek())
}

/** Conversations whose reply, as it is written, cannot go; the composer says why and keeps this up. */
export const stopped = new Set<Id>()

/** Public or private: as chosen where both are possible, else the one that is; undefined where the conversation has no say in it. */
export function visibilityOf(conversation: Id): Visibility | undefined {
  const reply = waysOf(conversation).value.reply
  if (!reply) return undefined
  if (reply.public !== reply.private) return reply.public ? 'public' : 'private'
  return draftOf(conversation).value.visibility ?? reply.default_visibility
}

const isMailbox = (conversation: Id): boolean => conversations.peek(conversation)?.channel.kind === 'email'

/** sendAt: it goes out then (RFC 3339). */
export function sendDraft(conversation: Id, kind: DraftKind, then: 'resolve' | null = null, sendAt: string | null = null): string | null {
  if (kind === 'reply') tellers.get(conversation)?.()
  const draft = draftOf(conversation).peek()
  const visibility = kind === 'reply' ? visibilityOf(conversation) : undefined
  const text = (kind === 'note' ? draft.note : draft.reply).trim()
  if ((!text && !draft.attachments.length) || (kind === 'reply' && stopped.has(conversation))) return null
  const isMail = kind === 'reply' && isMailbox(conversation)
  const files = isMail ? filesOf(draft.mail, draft.attachments) : draft.attachments
  const item: OutboxItem = {
    client_id: uuid(),
    conversation_id: conversation,
    kind,
    text,
    attachment_ids: files.map((one) => one.id),
    mentions: kind === 'note' ? draft.mentions : [],
    seen_message_id: lastServerId(timelineOf(conversation).ids.peek()),
    force: false,
    then,
    ...(visibility ? { visibility } : {}),
    ...(kind === 'reply' && draft.replyTo ? { reply_to_id: draft.replyTo } : {}),
    ...(isMail ? { mail: postedOf(conversation, draft.mail) } : {}),
    ...(kind === 'reply' && sendAt ? { send_at: sendAt } : {}),
    at: Date.now(),
    state: 'waiting',
    error: null,
  }
  batch(() => {
    putMessage(localMessage(item, 'queued', files))
    clearDraft(conversation, kind)
  })
  launch(item)
  return item.client_id
}

function launch(item: OutboxItem): void {
  outbox.add(item)
  if (item.kind === 'reply') undoIds.set(item.client_id, pushUndo(() => cancelSend(item.conversation_id, item.client_id), 30_000))
  pumpOutbox()
}

/** A message made of parts alone, such as a template: beside the draft, which stays. */
export function sendParts(conversation: Id, parts: Record<string, unknown>[]): void {
  const item: OutboxItem = {
    client_id: uuid(),
    conversation_id: conversation,
    kind: 'reply',
    text: '',
    attachment_ids: [],
    mentions: [],
    seen_message_id: lastServerId(timelineOf(conversation).ids.peek()),
    force: false,
    then: null,
    visibility: 'private',
    parts,
    at: Date.now(),
    state: 'waiting',
    error: null,
  }
  putMessage(localMessage(item, 'queued'))
  launch(item)
}

export function pumpOutbox(): void {
  if (!myId.peek()) return
  wakeSleep?.()
  outbox.pump().catch((error: unknown) => console.error(error))
}

function toComposer(conversation: Id, text: string, kind: DraftKind, attachments: Attachment[], mail: unknown = null): void {
  const draft = draftOf(conversation).peek()
  const old = kind === 'note' ? draft.note : draft.reply
  const was = kind === 'reply' && isMailbox(conversation) ? readPosted(mail, text) : null
  // What was begun meanwhile stays below what comes back.
  const both = was && draft.mail?.html ? { ...draft.mail, ...was, html: was.html + draft.mail.html, pictures: [...was.pictures, ...draft.mail.pictures] } : was
  changeDraft(conversation, { kind, [kind]: old.trim() ? text + '\n' + old : text, attachments: [...attachments, ...draft.attachments], ...(both ? { mail: both } : {}) })
}

/** Undo within the window: the words go back to where they were written. */
export async function cancelSend(conversation: Id, clientId: string): Promise<void> {
  const waiting = outboxItems.peek().find((item) => item.client_id === clientId)
  if (waiting && waiting.state !== 'sending') {
    const local = messages.peek(localId(clientId))
    outbox.remove(clientId)
    dropMessage(conversation, localId(clientId))
    toComposer(conversation, waiting.text, waiting.kind, local?.attachments ?? [], waiting.mail)
    if (waiting.reply_to_id) changeDraft(conversation, { replyTo: waiting.reply_to_id })
    return
  }
  if (waiting) {
    unwanted.set(clientId, conversation)
    return
  }
  const sent = timelineOf(conversation).ids.peek().map((id) => messages.peek(id)).find((one) => one?.client_id === clientId)
  if (sent && !isLocal(sent.id)) await cancelMessage(sent)
}

export async function cancelMessage(message: Message): Promise<void> {
  try {
    const answer = await call<Message | undefined>('DELETE', `/messages/${message.id}`)
    putMessage(answer ?? { ...message, state: 'cancelled' })
    const mail = isMailbox(message.conversation_id) ? await get<{ written: unknown }>(`/messages/${message.id}/mail`).catch(() => null) : null
    toComposer(message.conversation_id, message.text, 'reply', message.attachments, mail?.written)
    if (message.reply_to_id) changeDraft(message.conversation_id, { replyTo: message.reply_to_id })
    const undoId = message.client_id ? undoIds.get(message.client_id) : undefined
    if (undoId !== undefined) dropUndo(undoId)
    toast(t('done.send_undone'))
  } catch (error) {
    if (error instanceof ApiError && error.is('conflict')) toast(t('done.too_late'), { tone: 'bad' })
    else complain(error)
  }
}

/** A planned or undoable reply goes out at once. */
export async function sendNow(message: Message): Promise<void> {
  const asked = tick()
  try {
    putMessage(await post<Message>(`/messages/${message.id}/send`), asked)
  } catch (error) {
    complain(error)
  }
}

export async function retryMessage(message: Message): Promise<void> {
  if (message.id.startsWith('local:') && message.client_id) {
    outbox.change(message.client_id, { state: 'waiting', error: null })
    pumpOutbox()
    return
  }
  const asked = tick()
  try {
    putMessage(await post<Message>(`/messages/${message.id}/retry`), asked)
  } catch (error) {
    complain(error)
  }
}

/** What was refused goes back to where it was written. */
export function editLocal(message: Message): void {
  const item = outboxItems.peek().find((one) => one.client_id === message.client_id)
  discardLocal(message)
  toComposer(message.conversation_id, message.text, message.kind === 'note' ? 'note' : 'reply', message.attachments, item?.mail)
  if (item) changeDraft(message.conversation_id, { visibility: item.visibility ?? null, replyTo: item.reply_to_id ?? null })
}

export function discardLocal(message: Message): void {
  if (!message.client_id) return
  outbox.remove(message.client_id)
  dropMessage(message.conversation_id, message.id)
  pumpOutbox()
}

/** What the agent decided about a reply that would put personal data in public. */
export function settlePersonal(item: OutboxItem, choice: 'send' | 'private' | 'edit'): void {
  if (choice === 'edit') {
    const local = messages.peek(localId(item.client_id))
    if (local) editLocal(local)
    return
  }
  outbox.change(item.client_id, { state: 'waiting', ...(choice === 'private' ? { visibility: 'private' } : { confirm_public: true }) })
  pumpOutbox()
}

/** What the agent decided about a reply that was stopped for review. */
export function settleReview(item: OutboxItem, choice: 'send' | 'edit' | 'discard'): void {
  if (choice === 'send') {
    const seen = lastServerId(timelineOf(item.conversation_id).ids.peek())
    outbox.change(item.client_id, { state: 'waiting', force: true, seen_message_id: seen ?? item.seen_message_id })
    pumpOutbox()
    return
  }
  const local = messages.peek(localId(item.client_id))
  outbox.remove(item.client_id)
  dropMessage(item.conversation_id, localId(item.client_id))
  if (choice === 'edit') {
    toComposer(item.conversation_id, item.text, item.kind, local?.attachments ?? [], item.mail)
    changeDraft(item.conversation_id, { begunAfter: lastServerId(timelineOf(item.conversation_id).ids.peek()) })
  }
  pumpOutbox()
}

export function startOutbox(): void {
  outbox.reload()
  addEventListener('online', pumpOutbox)
  addEventListener('storage', (event) => {
    if (event.key !== storageKey()) return
    const before = outboxItems.peek()
    outbox.reload()
    for (const gone of before.filter((item) => !outboxItems.peek().some((one) => one.client_id === item.client_id))) {
      restoreOutbox(gone.conversation_id)
    }
  })
  pumpOutbox()
}
