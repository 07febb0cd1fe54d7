// What a network lets an answer be, told before it is sent; the server decides. Pure: texts, rules and times in, verdicts out.
import type { NetworkRules, ReplyWays } from '../lib/network_types'
import type { splitText } from '../../shared/split'

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

/** over: by how much it is too long, in the unit or in bytes. parts: messages that the text becomes; 0: none, however it is cut; null: not known yet. */
export interface LengthNow { length: number; max: number; unit: NetworkRules['unit']; over: number; maySplit: boolean; parts: number | null }

/** Of the text as it is sent. `split` is there once a text was too long. */
export function measured(written: string, count: (text: string) => number, bytes: (text: string) => number, rules: NetworkRules, split: typeof splitText | null): LengthNow {
  const text = written.trim()
  const length = count(text)
  const { max_length: max, max_bytes, unit, may_split, may_number } = rules
  const over = Math.max(0, length - max, max_bytes === null ? 0 : bytes(text) - max_bytes)
  const limits = [{ count, max }, ...(max_bytes === null ? [] : [{ count: bytes, max: max_bytes }])]
  const parts = !over ? 1 : !may_split ? 0 : split ? (split(text, limits, may_number)?.length ?? 0) : null
  return { length, max, unit, over, maySplit: may_split, parts }
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
