// Mails by the id of their message: fetched once, kept while they are likely to be looked at again. And whose pictures may be shown.
import { signal } from '@preact/signals'
import { get, put } from '../lib/api'
import type { Id } from '../lib/types'
import { readMail, type Mail } from './types'

const KEPT_MOST = 60
const kept = new Map<Id, { version: string; mail: Promise<Mail> }>()

/** `version`: of what became of it; another one is fetched anew. */
export function mailOf(id: Id, version = ''): Promise<Mail> {
  const known = kept.get(id)
  if (known?.version === version) return known.mail
  const loading = get<unknown>(`/messages/${id}/mail`).then(readMail)
  kept.set(id, { version, mail: loading })
  // What failed is asked for again the next time.
  loading.catch(() => kept.delete(id))
  for (const oldest of kept.keys()) {
    if (kept.size <= KEPT_MOST) break
    kept.delete(oldest)
  }
  return loading
}

/** Addresses allowed since this page was opened; the server says the others with each mail. */
const allowedSenders = signal<ReadonlySet<string>>(new Set())
/** Mails whose pictures are shown this once. */
const allowedMails = signal<ReadonlySet<Id>>(new Set())

export const arePicturesAllowed = (id: Id, mail: Mail): boolean => mail.images_allowed || allowedMails.value.has(id) || (mail.auth.verdict === 'pass' && allowedSenders.value.has(mail.from.address))

export function allowPictures(id: Id): void {
  allowedMails.value = new Set([...allowedMails.peek(), id])
}
/** Remembered by the server for everybody in the account. Only for a sender who is who they say they are: anybody else could come under that name. */
export async function allowSender(id: Id, mail: Mail): Promise<void> {
  await put(`/messages/${id}/mail/images`, { sender: true })
  allowedSenders.value = new Set([...allowedSenders.peek(), mail.from.address])
}
