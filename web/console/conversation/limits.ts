// What a network lets an answer be, told before it is sent; the server decides. Pure: texts, rules and times in, verdicts out.
import type { NetworkRules, ReplyWays } from '../lib/network_types'

export type FileVerdict = { kind: 'fits' } | { kind: 'none' } | { kind: 'type'; types: string[] } | { kind: 'size'; max: number }

const isOfType = (type: string, wanted: string): boolean => wanted === '*' || (wanted.endsWith('/') ? type.startsWith(wanted) : type === wanted)

/** The first kind of file whose types fit decides, as on the server. A file without a type is left to the server, which looks into it. */
export function fileVerdict(rules: NetworkRules, file: { type: string; size: number }): FileVerdict {
  if (rules.files_per_piece === 0 || rules.media.length === 0) return { kind: 'none' }
  if (!file.type || file.type === 'application/octet-stream') return { kind: 'fits' }
  const type = file.type.split(';')[0]?.trim().toLowerCase() ?? ''
  const media = rules.media.find((one) => one.types.some((wanted) => isOfType(type, wanted)))
  if (!media) return { kind: 'type', types: [...new Set(rules.media.flatMap((one) => one.types))] }
  return file.size > media.max_bytes ? { kind: 'size', max: media.max_bytes } : { kind: 'fits' }
}

/** "image/jpeg" as people write it: JPEG; "video/": video. */
export const typeName = (type: string): string => (type.endsWith('/') ? type.slice(0, -1) : (type.split('/')[1] ?? type).replace(/^x-|^vnd\.|\+.*$/g, '').toUpperCase())

const NUMBER = ' (10/10)'

/** About how many messages a long text becomes: cut at white space, else anywhere. The server prefers ends of sentences and may need one more. */
export function partsOf(text: string, count: (text: string) => number, max: number, isNumbered: boolean): number {
  const whole = text.trim()
  if (!whole || count(whole) <= max) return whole ? 1 : 0
  const tail = isNumbered && max > count(NUMBER) * 2 ? NUMBER : ''
  let parts = 0
  let at = 0
  while (at < whole.length && parts < 999) {
    let low = at + 1
    let high = whole.length
    while (low < high) {
      const middle = Math.ceil((low + high) / 2)
      if (count(whole.slice(at, middle) + tail) <= max) low = middle
      else high = middle - 1
    }
    if (low < whole.length) {
      const space = Math.max(whole.lastIndexOf(' ', low), whole.lastIndexOf('\n', low))
      if (space > at) low = space + 1
    }
    at = low
    parts++
  }
  return parts
}

export type WindowState = ReplyWays['window']

/** The window now: what the server said then, moved on by the clock. */
export function windowNow(reply: ReplyWays, needsTemplate: boolean, now: number): WindowState {
  const after: WindowState = needsTemplate ? 'template' : 'closed'
  const isOver = (time: string | null): boolean => time !== null && Date.parse(time) <= now
  switch (reply.window) {
    case 'open':
      if (!isOver(reply.window_until)) return 'open'
      return reply.late_until && !isOver(reply.late_until) ? 'late' : after
    case 'late':
      return isOver(reply.late_until) ? after : 'late'
    default:
      return reply.window
  }
}

export interface Stretch { text: string; isFound: boolean }

/** A text cut where findings begin and end; they count UTF-16 units, as strings here do. What overlaps or lies outside is passed over. */
export function stretches(text: string, findings: readonly { from: number; to: number }[]): Stretch[] {
  const found: Stretch[] = []
  let at = 0
  const add = (to: number, isFound: boolean): void => {
    if (to > at) found.push({ text: text.slice(at, to), isFound })
    at = Math.max(at, to)
  }
  for (const one of [...findings].sort((a, b) => a.from - b.from)) {
    if (one.from < at || one.to <= one.from || one.to > text.length) continue
    add(one.from, false)
    add(one.to, true)
  }
  add(text.length, false)
  return found
}
