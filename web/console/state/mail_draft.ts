// A mail that is being written, beside its text: its subject, people, formatting and what it quotes; and how that is posted. Pure but for what the
// server said a mail begins with, which is kept by conversation.
import { signal, type Signal } from '@preact/signals'
import { get } from '../lib/api'
import type { Attachment, Id } from '../lib/types'
import type { MailWriting } from '../../shared/api/types'

export interface MailAddress { name: string; address: string }
export interface MailDraft {
  /** null: as the server makes it */
  subject: string | null
  isRich: boolean
  html: string
  /** null: those who take part */
  cc: MailAddress[] | null
  bcc: MailAddress[]
  isQuoted: boolean
  /** files that stand as pictures in the text */
  pictures: Id[]
}
export const emptyMail = (): MailDraft => ({ subject: null, isRich: true, html: '', cc: null, bcc: [], isQuoted: true, pictures: [] })

/** As the HTML names a picture among the files: see the server's care/mail_body.h. */
export const pictureId = (attachment: Id): string => `${attachment}@seva.invalid`
const isShown = (mail: MailDraft, id: Id): boolean => mail.html.includes(`cid:${pictureId(id)}`)
/** A picture that was taken out of the text does not go along as a file. */
export const filesOf = (mail: MailDraft | null, files: readonly Attachment[]): Attachment[] =>
  files.filter((one) => !mail?.pictures.includes(one.id) || (mail.isRich && isShown(mail, one.id)))
/** What is listed below the text: not what stands in it. */
export const listedFiles = (mail: MailDraft | null, files: readonly Attachment[]): Attachment[] => files.filter((one) => !mail?.pictures.includes(one.id))

export type PostedMail = Record<string, unknown> & { subject?: string; html?: string; to?: MailAddress[]; cc?: MailAddress[]; bcc?: MailAddress[]; quote_id?: Id; attribution?: string }

export function postedMail(mail: MailDraft, quote: Id | null, attribution: string): PostedMail {
  return {
    ...(mail.subject?.trim() ? { subject: mail.subject.trim() } : {}),
    ...(mail.isRich && mail.html ? { html: mail.html } : {}),
    ...(mail.cc ? { cc: mail.cc } : {}),
    ...(mail.bcc.length ? { bcc: mail.bcc } : {}),
    ...(mail.isQuoted && quote ? { quote_id: quote, ...(attribution ? { attribution } : {}) } : {}),
  }
}

const people = (value: unknown): MailAddress[] =>
  Array.isArray(value) ? value.map((one: Partial<MailAddress>) => ({ name: String(one.name ?? ''), address: String(one.address ?? '') })) : []

/** The same read again: what was posted, or a draft of another device. */
export function readPosted(posted: unknown, text: string): MailDraft | null {
  if (typeof posted !== 'object' || posted === null) return null
  const mail = posted as PostedMail
  const html = typeof mail.html === 'string' ? mail.html : ''
  return {
    subject: typeof mail.subject === 'string' ? mail.subject : null,
    isRich: html !== '' || !text.trim(),
    html,
    cc: mail.cc ? people(mail.cc) : null,
    bcc: people(mail.bcc),
    isQuoted: typeof mail.quote_id === 'string',
    pictures: [...html.matchAll(/cid:(\d{1,20})@seva\.invalid/g)].map((found) => found[1] as Id),
  }
}

/** Fields that tell a moment later what was written: asked for it before a draft is sent. */
export const tellers = new Map<Id, () => void>()

// ── what a mail begins with ──

const writings = new Map<Id, Signal<MailWriting | null>>()
export function writingOf(conversation: Id): Signal<MailWriting | null> {
  let found = writings.get(conversation)
  if (!found) {
    found = signal<MailWriting | null>(null)
    writings.set(conversation, found)
  }
  return found
}
export async function loadWriting(conversation: Id): Promise<void> {
  writingOf(conversation).value = await get<MailWriting>(`/conversations/${conversation}/mail`)
}

/** The line above the quote, in the writer's language; told by mail/compose.tsx, which has the words. */
const attributions = new Map<Id, string>()
export const attribute = (conversation: Id, words: string): void => void attributions.set(conversation, words)

export function postedOf(conversation: Id, mail: MailDraft | null): PostedMail {
  return postedMail(mail ?? emptyMail(), writingOf(conversation).peek()?.quote_id ?? null, attributions.get(conversation) ?? '')
}

/** "{{contact.name}}" and the like, in a text or (escaped) in HTML. What a value holds is never filled again. */
export function fillPlaceholders(text: string, values: Readonly<Record<string, string>>, isHtml: boolean): string {
  return text.replace(/\{\{\s*([\w.]+)\s*\}\}/g, (whole, name: string) => {
    const value = values[name]
    if (value === undefined) return whole
    return isHtml ? value.replace(/&/g, '&amp;').replace(/</g, '&lt;').replace(/>/g, '&gt;').replace(/"/g, '&quot;') : value
  })
}

