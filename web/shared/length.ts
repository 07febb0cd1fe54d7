// How long a text is in the unit of each network: the twin of src/text/length.c, held to the same vectors
// (tests/data/lengths.json). For the live counter of the editor; import it lazily: the units of X and Mastodon bring tables.

/** code_points: "characters" of most networks; graphemes: Bluesky; utf16: LINE; bytes: Instagram, Google; sms: segments. */
export type LengthUnit = 'code_points' | 'graphemes' | 'utf16' | 'bytes' | 'x' | 'mastodon' | 'sms'

export interface SmsLength {
  encoding: 'GSM-7' | 'UCS-2'
  /** Septets (GSM-7) or UTF-16 units. */
  units: number
  segments: number
}

export function codePoints(text: string): number {
  let n = 0
  for (const _ of text) n++
  return n
}

export function utf8Bytes(text: string): number {
  let n = 0
  for (const x of text) {
    const c = x.codePointAt(0)!
    n += c < 0x80 ? 1 : c < 0x800 ? 2 : c < 0x10000 ? 3 : 4
  }
  return n
}

/** Rule GB9c of UAX #29 for browsers whose segmenter is older: see src/text/grapheme.h. */
const CONSONANT =
  '[\\u0915-\\u0939\\u0958-\\u095f\\u0978-\\u097f\\u0995-\\u09a8\\u09aa-\\u09b0\\u09b2\\u09b6-\\u09b9\\u09dc\\u09dd\\u09df\\u09f0\\u09f1\\u0a95-\\u0aa8\\u0aaa-\\u0ab0\\u0ab2\\u0ab3\\u0ab5-\\u0ab9\\u0af9\\u0b15-\\u0b28\\u0b2a-\\u0b30\\u0b32\\u0b33\\u0b35-\\u0b39\\u0b5c\\u0b5d\\u0b5f\\u0b71\\u0c15-\\u0c28\\u0c2a-\\u0c39\\u0c58-\\u0c5a\\u0d15-\\u0d3a]'
const LINKER = '[\\u094d\\u09cd\\u0acd\\u0b4d\\u0c4d\\u0d4d]'
const BETWEEN = '[\\u0300-\\u036f\\u093c\\u0951-\\u0954\\u09bc\\u0abc\\u0b3c\\u0c3c\\u200d\\u094d\\u09cd\\u0acd\\u0b4d\\u0c4d\\u0d4d]'
const isOpen = new RegExp(`${CONSONANT}${BETWEEN}*${LINKER}${BETWEEN}*$`, 'u')
const isConsonant = new RegExp(`^${CONSONANT}`, 'u')
let segmenter: Intl.Segmenter | undefined

/** Units given to the segmenter at once: V8's takes time that grows with the square of them. */
const PIECE = 2048

/** Where each extended grapheme cluster ends. */
export function graphemeEnds(text: string): number[] {
  segmenter ??= new Intl.Segmenter('en', { granularity: 'grapheme' })
  const ends: number[] = []
  let before = ''
  for (let at = 0, size = PIECE; at < text.length; ) {
    const isHalf = /[\ud800-\udbff]/.test(text[at + size - 1] ?? '')
    const end = at + size + (isHalf ? 1 : 0)
    const isLast = end >= text.length
    const found = Array.from(segmenter.segment(text.slice(at, end)), (x) => x.segment)
    // What ends with the piece may go on behind it: it is looked at again.
    if (!isLast) found.pop()
    for (const segment of found) {
      at += segment.length
      if (isConsonant.test(segment) && isOpen.test(before)) ends[ends.length - 1] = at
      else ends.push(at)
      before = segment
    }
    size = found.length > 0 ? PIECE : 2 * size
  }
  return ends
}

export const graphemes = (text: string): number => (/^[\x00-\x0c\x0e-\x7f]*$/.test(text) ? text.length : graphemeEnds(text).length)

const GSM7 = new Set('\n\r !"#$%&\'()*+,-./0123456789:;<=>?@ABCDEFGHIJKLMNOPQRSTUVWXYZ_abcdefghijklmnopqrstuvwxyz¡£¤¥§¿ÄÅÆÇÉÑÖØÜßàäåæèéìñòöøùüΓΔΘΛΞΠΣΦΨΩ')
const GSM7_TWO = new Set('\f^{}\\[~]|€')
const septets = (x: string) => (GSM7.has(x) ? 1 : GSM7_TWO.has(x) ? 2 : 0)

/** Of one SMS: up to 160 septets or 70 units are one segment, else they are of 153 or 67 and no letter lies in two. */
export function smsLength(text: string): SmsLength {
  const letters = Array.from(text)
  const isGsm7 = letters.every((x) => septets(x) > 0)
  const costs = letters.map((x) => (isGsm7 ? septets(x) : x.length))
  const units = costs.reduce((sum, n) => sum + n, 0)
  const encoding = isGsm7 ? 'GSM-7' : 'UCS-2'
  if (units <= (isGsm7 ? 160 : 70)) return { encoding, units, segments: units > 0 ? 1 : 0 }
  const most = isGsm7 ? 153 : 67
  let segments = 1
  let used = 0
  for (const cost of costs) {
    if (used + cost > most) {
      segments++
      used = 0
    }
    used += cost
  }
  return { encoding, units, segments }
}

/** The counter of a unit; X and Mastodon load their tables first. */
export async function lengthCounter(unit: LengthUnit): Promise<(text: string) => number> {
  switch (unit) {
    case 'code_points':
      return codePoints
    case 'graphemes':
      return graphemes
    case 'utf16':
      return (text) => text.length
    case 'bytes':
      return utf8Bytes
    case 'sms':
      return (text) => smsLength(text).segments
    case 'x':
      return (await import('./length_web')).xLength
    case 'mastodon':
      return (await import('./length_web')).mastodonLength
  }
}
