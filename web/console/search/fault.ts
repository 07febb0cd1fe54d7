// What of a question is not understood, in the reader's language; and a word that looks as if it should narrow the search and does not.
import { ApiError } from '../lib/api'
import { st } from './words'

const FAULTS = ['is', 'has', 'before', 'after'] as const
const FIELDS = ['from', 'channel', 'tag', 'assignee', ...FAULTS] as const
/** What begins an address is not meant to narrow anything. */
const ADDRESSES = ['http', 'https', 'mailto', 'tel', 'sip']

/** Stands as it was typed in a sentence of any direction. */
const asTyped = (text: string): string => '\u2068' + text + '\u2069'

const typed = (q: string, field: string): string => new RegExp(`(?:^|\\s)-?(${field}:\\S*)`, 'i').exec(q)?.[1] ?? field + ':'

/** The server's refusal of a question in our words; null: it is another one. */
export function faultText(error: unknown, q: string): string | null {
  if (!(error instanceof ApiError) || error.field !== 'q') return null
  const field = FAULTS.find((one) => error.message.startsWith(one + ':'))
  return field ? st(`fault.${field}`, { typed: asTyped(typed(q, field)) }) : null
}

/** "frm:asha" finds nothing because there is no such field: that is said. */
export function unknownField(q: string): string | null {
  for (const [, word, name] of q.matchAll(/(?:^|\s)-?(([a-z]{2,12}):[^\s/]\S*)/gi)) {
    const field = (name as string).toLowerCase()
    if ((FIELDS as readonly string[]).includes(field) || ADDRESSES.includes(field)) continue
    return st('fault.unknown', { typed: asTyped(word as string), fields: asTyped(FIELDS.map((one) => one + ':').join(' ')) })
  }
  return null
}
