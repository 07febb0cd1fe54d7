// Unsent words: kept in the browser at every pause and on the server a little later, so that neither a crash nor another device loses them.
import { signal, type Signal } from '@preact/signals'
import { call, get, put } from '../lib/api'
import { inTurn } from '../lib/in_turn'
import type { Visibility } from '../lib/network_types'
import type { Attachment, Id } from '../lib/types'
import type { Draft as ServerDraft } from '../../shared/api/types'

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
  updatedAt: number
}

export const emptyDraft = (): Draft => ({ kind: 'reply', reply: '', note: '', attachments: [], mentions: [], begunAfter: null, visibility: null, replyTo: null, updatedAt: 0 })
export const isBlank = (draft: Draft): boolean => !draft.reply.trim() && !draft.note.trim() && draft.attachments.length === 0

const PREFIX = 'seva.draft.'
const LOCAL_MS = 250
const SERVER_MS = 1500
const drafts = new Map<Id, Signal<Draft>>()
const timers = new Map<string, ReturnType<typeof setTimeout>>()

function later(key: string, ms: number, work: () => void): void {
  clearTimeout(timers.get(key))
  timers.set(key, setTimeout(() => {
    timers.delete(key)
    work()
  }, ms))
}

export function draftOf(conversation: Id): Signal<Draft> {
  let found = drafts.get(conversation)
  if (!found) {
    let stored: Partial<Draft> = {}
    try {
      stored = JSON.parse(localStorage.getItem(PREFIX + conversation) ?? '{}') as Partial<Draft>
    } catch {
      // Storage refused or not ours: begin empty.
    }
    found = signal({ ...emptyDraft(), ...stored })
    drafts.set(conversation, found)
  }
  return found
}

function saveLocal(conversation: Id): void {
  const draft = draftOf(conversation).peek()
  try {
    if (isBlank(draft)) localStorage.removeItem(PREFIX + conversation)
    else localStorage.setItem(PREFIX + conversation, JSON.stringify(draft))
  } catch {
    // A full or refused storage: the server's copy remains.
  }
}

/** In turn, or words that were sent long ago would come back. The time is ours, so that hearing of our own save brings nothing new. */
function saveServer(conversation: Id): Promise<void> {
  return inTurn('draft ' + conversation, async () => {
    const draft = draftOf(conversation).peek()
    if (isBlank(draft)) await call('DELETE', `/conversations/${conversation}/draft`)
    else {
      await put(`/conversations/${conversation}/draft`, {
        kind: draft.kind,
        text: draft.kind === 'note' ? draft.note : draft.reply,
        attachment_ids: draft.attachments.map((one) => one.id),
        updated_at: new Date(draft.updatedAt).toISOString(),
      })
    }
  })
}

export function changeDraft(conversation: Id, change: Partial<Draft>): void {
  const draft = draftOf(conversation)
  draft.value = { ...draft.peek(), ...change, updatedAt: Date.now() }
  later('l' + conversation, LOCAL_MS, () => saveLocal(conversation))
  later('s' + conversation, SERVER_MS, () => void saveServer(conversation).catch(() => undefined))
}

/** After a send: forget everywhere at once, also the saves still waiting. */
export function clearDraft(conversation: Id, kind: DraftKind): void {
  const draft = draftOf(conversation)
  draft.value = { ...draft.peek(), [kind]: '', attachments: [], mentions: [], begunAfter: null, ...(kind === 'reply' ? { replyTo: null } : {}), updatedAt: Date.now() }
  clearTimeout(timers.get('l' + conversation))
  saveLocal(conversation)
  later('s' + conversation, LOCAL_MS, () => void saveServer(conversation).catch(() => undefined))
}

/** Takes the server's draft when it is newer than ours, for example written on another device. */
export async function fetchDraft(conversation: Id): Promise<void> {
  let remote: ServerDraft | null = null
  try {
    remote = await get<ServerDraft | null>(`/conversations/${conversation}/draft`)
  } catch {
    return
  }
  if (remote) takeDraft(conversation, remote)
}

export function takeDraft(conversation: Id, remote: { kind: DraftKind; text: string; updated_at: string | null; attachments?: Attachment[] }): void {
  const draft = draftOf(conversation)
  const old = draft.peek()
  if (!remote.text || !remote.updated_at || Date.parse(remote.updated_at) <= old.updatedAt || timers.has('s' + conversation)) return
  draft.value = { ...old, kind: remote.kind, [remote.kind]: remote.text, attachments: remote.attachments ?? old.attachments, updatedAt: Date.parse(remote.updated_at) }
  saveLocal(conversation)
}

/** On leaving the page: nothing may wait for a timer. */
export function flushDrafts(): void {
  for (const key of [...timers.keys()]) {
    if (!key.startsWith('l')) continue
    clearTimeout(timers.get(key))
    timers.delete(key)
    saveLocal(key.slice(1))
  }
}
