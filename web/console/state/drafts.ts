// Unsent words: kept in the browser at every pause and on the server a little later, so that neither a crash nor another device loses them.
// What is kept carries whose it is, and the other tabs of this browser are told of it.
import { signal, type Signal } from '@preact/signals'
import { call, get, put } from '../lib/api'
import { inTurn } from '../lib/in_turn'
import type { Visibility } from '../lib/network_types'
import type { Attachment, Id } from '../lib/types'
import type { Draft as ServerDraft } from '../../shared/api/types'
import { postedOf, readPosted, type MailDraft } from './mail_draft'
import { session } from './store'

export type DraftKind = 'reply' | 'note'
export interface Draft {
  kind: DraftKind
  reply: string
  note: string
  attachments: Attachment[]
  mentions: Id[]
  /** The newest message on hand when the reply was begun: what it may be stale against. */
  begunAfter: Id | null
  /** As chosen; null = as the conversation does by itself. */
  visibility: Visibility | null
  /** The message that this one answers. */
  replyTo: Id | null
  /** Of a mail: what it is beside its text; null = nothing was changed. */
  mail: MailDraft | null
  updatedAt: number
}

export const emptyDraft = (): Draft => ({ kind: 'reply', reply: '', note: '', attachments: [], mentions: [], begunAfter: null, visibility: null, replyTo: null, mail: null, updatedAt: 0 })
export const isBlank = (draft: Draft): boolean => !draft.reply.trim() && !draft.note.trim() && draft.attachments.length === 0 && !hasMail(draft.mail)

const hasMail = (mail: MailDraft | null): boolean => mail !== null && (mail.subject !== null || mail.cc !== null || mail.bcc.length > 0 || !mail.isQuoted)

const PREFIX = 'seva.draft.'
const LOCAL_MS = 250
const SERVER_MS = 1500

/** shared: as the other tabs were told of it last, or told this one. */
interface Kept { conversation: Id; draft: Signal<Draft>; shared: Draft }
/** By the key in storage, which names the agent: who signs in next finds none of these. */
const kept = new Map<string, Kept>()
const timers = new Map<string, ReturnType<typeof setTimeout>>()

function later(key: string, ms: number, work: () => void): void {
  clearTimeout(timers.get(key))
  timers.set(key, setTimeout(() => {
    timers.delete(key)
    work()
  }, ms))
}
function notLater(key: string): void {
  clearTimeout(timers.get(key))
  timers.delete(key)
}

function keyOf(conversation: Id): string {
  const now = session.peek()
  return `${PREFIX}${now?.account.id ?? ''}.${now?.agent.id ?? ''}.${conversation}`
}

function stored(key: string): Partial<Draft> {
  try {
    return JSON.parse(localStorage.getItem(key) ?? '{}') as Partial<Draft>
  } catch {
    // Storage refused or not ours: begin empty.
    return {}
  }
}

function keep(conversation: Id): Kept {
  const key = keyOf(conversation)
  let found = kept.get(key)
  if (!found) {
    const shared = { ...emptyDraft(), ...stored(key) }
    found = { conversation, draft: signal(shared), shared }
    kept.set(key, found)
  }
  return found
}
export const draftOf = (conversation: Id): Signal<Draft> => keep(conversation).draft

/** was: what it was before, as far as other tabs know it. */
function saveLocal(key: string, was?: Draft): void {
  const one = kept.get(key)
  if (!one) return
  const next = one.draft.peek()
  try {
    if (isBlank(next)) localStorage.removeItem(key)
    else localStorage.setItem(key, JSON.stringify(next))
  } catch {
    // A full or refused storage: the server's copy remains.
  }
  others?.postMessage({ key, was: was ?? one.shared, next } satisfies Told)
  one.shared = next
}

/** In turn, or words that were sent long ago would come back. The time is ours, so that hearing of our own save brings nothing new. */
function saveServer(key: string): Promise<void> {
  return inTurn('draft ' + key, async () => {
    const one = kept.get(key)
    // Who is signed in by now may be somebody else.
    if (!one || keyOf(one.conversation) !== key) return
    const draft = one.draft.peek()
    if (isBlank(draft)) await call('DELETE', `/conversations/${one.conversation}/draft`)
    else {
      await put(`/conversations/${one.conversation}/draft`, {
        kind: draft.kind,
        text: draft.kind === 'note' ? draft.note : draft.reply,
        attachment_ids: draft.attachments.map((file) => file.id),
        ...(draft.mail ? { mail: postedOf(one.conversation, draft.mail) } : {}),
        updated_at: new Date(draft.updatedAt).toISOString(),
      })
    }
  })
}

export function changeDraft(conversation: Id, change: Partial<Draft>): void {
  const key = keyOf(conversation)
  const draft = draftOf(conversation)
  draft.value = { ...draft.peek(), ...change, updatedAt: Date.now() }
  later('l' + key, LOCAL_MS, () => saveLocal(key))
  later('s' + key, SERVER_MS, () => void saveServer(key).catch(() => undefined))
}

/** After a send: forget everywhere at once, also the saves still waiting. */
export function clearDraft(conversation: Id, kind: DraftKind): void {
  const key = keyOf(conversation)
  const draft = draftOf(conversation)
  const sent = draft.peek()
  draft.value = { ...sent, ...without(kind), attachments: [], updatedAt: Date.now() }
  notLater('l' + key)
  saveLocal(key, sent)
  later('s' + key, LOCAL_MS, () => void saveServer(key).catch(() => undefined))
}

const without = (kind: DraftKind): Partial<Draft> => ({ [kind]: '', mentions: [], begunAfter: null, ...(kind === 'reply' ? { replyTo: null, mail: null } : {}) })

/** Somebody writes in this tab: nothing may come over it. */
function isWritten(conversation: Id, draft: Draft): boolean {
  const at = document.activeElement as HTMLElement | null | undefined
  return !isBlank(draft) && (timers.has('l' + keyOf(conversation)) || (document.hasFocus() && at?.closest?.<HTMLElement>('[data-draft]')?.dataset['draft'] === conversation))
}

/** Takes the server's draft when it is newer than ours, for example written on another device. */
export async function fetchDraft(conversation: Id): Promise<void> {
  const key = keyOf(conversation)
  let remote: ServerDraft | null = null
  try {
    remote = await get<ServerDraft | null>(`/conversations/${conversation}/draft`)
  } catch {
    return
  }
  if (remote && keyOf(conversation) === key) takeDraft(conversation, remote)
}

export function takeDraft(conversation: Id, remote: { kind: DraftKind; text: string; updated_at: string | null; attachments?: Attachment[]; mail?: unknown }): void {
  const key = keyOf(conversation)
  const draft = draftOf(conversation)
  const old = draft.peek()
  if (!remote.text || !remote.updated_at || Date.parse(remote.updated_at) <= old.updatedAt || timers.has('s' + key) || isWritten(conversation, old)) return
  draft.value = { ...old, kind: remote.kind, [remote.kind]: remote.text, attachments: remote.attachments ?? old.attachments, mail: remote.kind === 'reply' ? readPosted(remote.mail, remote.text) : old.mail, updatedAt: Date.parse(remote.updated_at) }
  saveLocal(key)
}

// ── other tabs of this browser ──

interface Told { key: string; was: Draft; next: Draft }
let others: BroadcastChannel | null = null

/**
 * What a tab holds after another has changed a draft from `was` to `next`. What was sent or thrown away there goes here too, but not what was
 * written here since; words that were written there come only where nobody is writing (`isBusy`).
 */
export function mergeDraft(mine: Draft, was: Draft, next: Draft, isBusy: boolean): Draft {
  const gone = (['reply', 'note'] as const).filter((kind) => was[kind].trim() && !next[kind].trim())
  const files = was.attachments.filter((file) => !next.attachments.some((other) => other.id === file.id)).map((file) => file.id)
  if (!gone.length && !files.length) return isBusy || next.updatedAt <= mine.updatedAt ? mine : next
  const isNewer = mine.updatedAt > was.updatedAt
  if (!isBusy && !isNewer) return next
  let left: Draft = { ...mine, attachments: mine.attachments.filter((file) => !files.includes(file.id)) }
  for (const kind of gone) if (!isNewer || mine[kind] === was[kind]) left = { ...left, ...without(kind) }
  return isBlank(left) ? { ...left, updatedAt: Math.max(left.updatedAt, next.updatedAt) } : left
}

function take({ key, was, next }: Told): void {
  const one = kept.get(key)
  // What nobody looked at is read from storage when somebody does; what is another agent's stays out.
  if (!one || keyOf(one.conversation) !== key) return
  const mine = one.draft.peek()
  const left = mergeDraft(mine, was, next, isWritten(one.conversation, mine))
  one.shared = next
  if (left === mine) return
  one.draft.value = left
  if (left === next || isBlank(left)) {
    notLater('l' + key)
    notLater('s' + key)
  } else changeDraft(one.conversation, {}) // the other tab has emptied the storage and the server's copy
}

/** When writing has ended here: what was written elsewhere meanwhile. */
export function catchUp(conversation: Id): void {
  const one = keep(conversation)
  const key = keyOf(conversation)
  const next = { ...emptyDraft(), ...stored(key) }
  if (timers.has('l' + key) || next.updatedAt <= one.draft.peek().updatedAt) return
  one.draft.value = one.shared = next
}

export function startDrafts(): void {
  if (!('BroadcastChannel' in globalThis)) return
  others = new BroadcastChannel('seva-drafts')
  others.onmessage = (event: MessageEvent<Told>) => take(event.data)
}

/** Drafts were once kept without saying whose they are: nobody may be shown them. The server has what was written, under its writer. */
export function forgetOldDrafts(): void {
  try {
    for (let at = localStorage.length - 1; at >= 0; at--) {
      const key = localStorage.key(at) ?? ''
      if (key.startsWith(PREFIX) && !key.slice(PREFIX.length).includes('.')) localStorage.removeItem(key)
    }
  } catch {
    // Storage refused: nothing was kept.
  }
}

/** On leaving the page: nothing may wait for a timer. */
export function flushDrafts(): void {
  for (const name of [...timers.keys()]) {
    if (!name.startsWith('l')) continue
    notLater(name)
    saveLocal(name.slice(1))
  }
}

/** On signing out: what waits for its turn is saved while it still can be, and then nothing is left on the page. */
export async function leaveDrafts(): Promise<void> {
  flushDrafts()
  const waiting = [...timers.keys()].filter((name) => name.startsWith('s'))
  for (const name of waiting) notLater(name)
  await Promise.allSettled(waiting.map((name) => saveServer(name.slice(1))))
  kept.clear()
}
