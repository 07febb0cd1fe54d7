// A mail as `GET /api/v1/messages/{id}/mail` tells it. What is in it came from a stranger and through a server that may be newer or older than
// this page: every member is looked at before it is used, a wrong one counts as absent.

export interface Address { name: string; address: string }
export type Automatic = '' | 'away' | 'list' | 'machine' | 'loop'
export type Verdict = 'pass' | 'fail' | 'none'
/** Of a signed mail: what its signature is worth here. */
export interface Signature { state: SignatureState; how: string; name: string; address: string; fingerprint: string; revoked_at: string }
export type SignatureState = 'verified' | 'other' | 'unknown' | 'expired' | 'revoked' | 'altered' | 'weak' | 'partly' | 'broken'
export type Guard = 'open' | 'signed_smime' | 'signed_pgp' | 'encrypted_smime' | 'encrypted_pgp'

/** An invitation to a meeting. Times are ISO 8601 with a zone, or a bare day when it lasts whole days. */
export interface Invitation {
  method: string
  summary: string
  starts_at: string
  ends_at: string
  is_all_day: boolean
  time_zone: string
  location: string
  organizer: Address
  attendees: number
  recurrence: string
}

export const REACHES = ['taken', 'later', 'refused', 'unknown', 'delayed', 'delivered', 'bounced', 'read', 'complained', 'stopped'] as const
export type Reach = (typeof REACHES)[number]
/** What became of a mail of ours at one of its recipients. */
export interface Reached { address: string; state: Reach; words: string; sentence: string; said: string; reason: Reason; by: string; at: string }
/** Of words that are Seva's own: what they say; '': they are the server's. */
export type Reason = '' | 'stopped' | 'maybe_sent'
const REASONS: readonly string[] = ['stopped', 'maybe_sent']
/** Stands beside the mail, and not only in its details. */
export const isTold = ({ state }: Reached): boolean => !['taken', 'delivered', 'read'].includes(state)

export interface Mail {
  html: string
  text: string
  subject: string
  from: Address
  to: Address[]
  cc: Address[]
  date: string
  message_id: string
  auth: { verdict: Verdict; spf: string; dkim: string; dmarc: string }
  guard: Guard
  signature: Signature | null
  /** Content-Id (lower case, no brackets) → id of the attachment; in a mail inside another, what stands behind `/api/v1/attachments/` for its file */
  inline: ReadonlyMap<string, string>
  calendar: Invitation | null
  /** what was cut or not understood; "" for nothing */
  degraded: string
  images_allowed: boolean
  is_ours: boolean
  recipients: Reached[]
  /** when those who wait are tried again; "" for nobody */
  again_at: string
  /** it waits for another try, and can be given up */
  is_waiting: boolean
  /** a program wrote it; '': a person, or nobody knows */
  automatic: Automatic
  /** how that was seen, in English */
  automatic_why: string
  automatic_rule: string
}

type Part = Record<string, unknown>
const MOST_ADDRESSES = 200
const MOST_INLINE = 500
const AUTOMATIC: readonly string[] = ['away', 'list', 'machine', 'loop']
const STATES: readonly string[] = ['verified', 'other', 'unknown', 'expired', 'revoked', 'altered', 'weak', 'partly', 'broken']
const GUARDS: readonly string[] = ['open', 'signed_smime', 'signed_pgp', 'encrypted_smime', 'encrypted_pgp']

export const part = (value: unknown): Part => (typeof value === 'object' && value !== null && !Array.isArray(value) ? (value as Part) : {})
export const text = (value: unknown): string => (typeof value === 'string' ? value : '')
const moment = (value: unknown): string => (Number.isNaN(Date.parse(text(value))) ? '' : text(value))

function address(value: unknown): Address {
  if (typeof value === 'string') return { name: '', address: value }
  const one = part(value)
  return { name: text(one['name']), address: text(one['address']) }
}
function addresses(value: unknown): Address[] {
  return Array.isArray(value) ? value.slice(0, MOST_ADDRESSES).map(address).filter((one) => one.address || one.name) : []
}

/** As it stands in a "cid:" address and in a header: without brackets, in lower case. */
export const contentId = (id: string): string => id.trim().replace(/^<|>$/g, '').toLowerCase()

function inline(value: unknown): ReadonlyMap<string, string> {
  const found = new Map<string, string>()
  for (const [id, attachment] of Object.entries(part(value)).slice(0, MOST_INLINE)) {
    if (typeof attachment === 'string' && /^\d{1,20}$/.test(attachment)) found.set(contentId(id), attachment)
  }
  return found
}

function invitation(value: unknown): Invitation | null {
  if (typeof value !== 'object' || value === null) return null
  const one = part(value)
  const attendees = one['attendees']
  return {
    method: text(one['method']).toLowerCase(),
    summary: text(one['summary']),
    starts_at: moment(one['starts_at']),
    ends_at: moment(one['ends_at']),
    is_all_day: one['is_all_day'] === true,
    time_zone: text(one['time_zone']),
    location: text(one['location']),
    organizer: address(one['organizer']),
    attendees: typeof attendees === 'number' && Number.isFinite(attendees) && attendees > 0 ? Math.floor(attendees) : 0,
    recurrence: text(one['recurrence']),
  }
}

function recipients(value: unknown): Reached[] {
  if (!Array.isArray(value)) return []
  return value.slice(0, MOST_ADDRESSES).map(part).flatMap((one) => {
    const state = REACHES.find((name) => name === one['state'])
    const reason = text(one['reason'])
    return state ? [{ address: text(one['address']), state, words: text(one['words']), sentence: text(one['sentence']), said: text(one['said']), reason: REASONS.includes(reason) ? (reason as Reason) : '', by: text(one['by']), at: moment(one['at']) }] : []
  })
}

/** A state that this page does not know is no good one. */
function signature(value: unknown): Signature | null {
  if (typeof value !== 'object' || value === null) return null
  const one = part(value)
  const state = text(one['state'])
  return {
    state: STATES.includes(state) ? (state as SignatureState) : 'broken',
    how: text(one['how']) === 'pgp' ? 'PGP' : 'S/MIME',
    name: text(one['name']), address: text(one['address']), fingerprint: text(one['fingerprint']), revoked_at: moment(one['revoked_at']),
  }
}

export function readMail(answer: unknown): Mail {
  const mail = part(answer)
  const auth = part(mail['auth'])
  const verdict = auth['verdict']
  const guard = text(mail['guard'])
  return {
    html: text(mail['html']),
    text: text(mail['text']),
    subject: text(mail['subject']),
    from: address(mail['from']),
    to: addresses(mail['to']),
    cc: addresses(mail['cc']),
    date: moment(mail['date']),
    message_id: text(mail['message_id']),
    auth: { verdict: verdict === 'pass' || verdict === 'fail' ? verdict : 'none', spf: text(auth['spf']), dkim: text(auth['dkim']), dmarc: text(auth['dmarc']) },
    guard: GUARDS.includes(guard) ? (guard as Guard) : 'open',
    signature: signature(mail['signature']),
    inline: inline(mail['inline']),
    calendar: invitation(mail['calendar']),
    degraded: text(mail['degraded']),
    images_allowed: mail['images_allowed'] === true,
    is_ours: mail['is_ours'] === true,
    recipients: recipients(mail['recipients']),
    again_at: moment(mail['again_at']),
    is_waiting: mail['is_waiting'] === true,
    automatic: AUTOMATIC.includes(text(mail['automatic'])) ? (mail['automatic'] as Automatic) : '',
    automatic_why: text(mail['automatic_why']),
    automatic_rule: text(mail['automatic_rule']),
  }
}

/** Attachments that the mail's own page shows as its pictures. */
export function shownInside(mail: Mail): string[] {
  const html = mail.html.toLowerCase()
  return [...mail.inline].filter(([name]) => html.includes('cid:' + name)).map(([, id]) => id)
}
