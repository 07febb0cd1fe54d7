// Lengths as X and Mastodon count: with addresses of a fixed length and, on X, weights. The twin of src/text/length.c and
// emoji.c. Loaded by length.ts when such a unit is wanted, with its tables.
import { graphemes } from './length'
import { BASES, FLAGS, JOINED, TAGS, VARIATIONS } from './length_emoji'
import { urlsOf } from './length_url'

const ADDRESS = 23
const bases = new Set(Array.from(BASES))
const variations = new Set(Array.from(VARIATIONS))
const flags = new Set(FLAGS.split(' '))
const tags = new Set(TAGS.split(' '))
const joined = new Set(JOINED.split(' '))
const MAX_JOINED = 4

const charAt = (s: string, i: number) => (i < s.length ? String.fromCodePoint(s.codePointAt(i)!) : '')
const isTone = (x: string) => x >= '\u{1f3fb}' && x <= '\u{1f3ff}' && x.length === 2
const indicator = (s: string, i: number) => {
  const c = s.codePointAt(i) ?? 0
  return c >= 0x1f1e6 && c <= 0x1f1ff ? String.fromCharCode(65 + c - 0x1f1e6) : ''
}

function tagEnd(s: string, next: number): number {
  let letters = ''
  for (let c = s.codePointAt(next); c !== undefined; c = s.codePointAt((next += 2))) {
    if (c === 0xe007f) return tags.has(letters) ? next + 2 : 0
    if (c < 0xe0061 || c > 0xe007a || letters.length === 8) return 0
    letters += String.fromCharCode(c - 0xe0000)
  }
  return 0
}

function elementEnd(s: string, x: string, next: number): number {
  if (s[next] === '\ufe0f' && variations.has(x)) next++
  return isTone(charAt(s, next)) && bases.has(x) ? next + 2 : next
}

/** The end of the emoji sequence of two or more code points at `at`; 0 for none. */
export function emojiEnd(s: string, at: number): number {
  const first = charAt(s, at)
  if (first < '\xa9') {
    if (!/^[0-9#*]$/.test(first)) return 0
    const key = s[at + 1] === '\ufe0f' ? at + 2 : at + 1
    return s[key] === '\u20e3' ? key + 1 : 0
  }
  const next = at + first.length
  const letter = indicator(s, at)
  if (letter && flags.has(letter + (indicator(s, next) || ' '))) return next + 2
  const tag = first === '\u{1f3f4}' ? tagEnd(s, next) : 0
  if (tag > 0) return tag
  let pos = elementEnd(s, first, next)
  let end = pos > next ? pos : 0
  let parts = first
  for (let n = 1; n < MAX_JOINED && s[pos] === '\u200d'; n++) {
    const part = charAt(s, pos + 1)
    if (part === '') break
    parts += part
    pos = elementEnd(s, part, pos + 1 + part.length)
    if (joined.has(parts)) end = pos
  }
  return end
}

function weights(s: string): number {
  let n = 0
  for (let i = 0; i < s.length; ) {
    const end = emojiEnd(s, i)
    const c = s.codePointAt(i)!
    const isLight = c <= 4351 || (c >= 8192 && c <= 8205) || (c >= 8208 && c <= 8223) || (c >= 8242 && c <= 8247)
    n += end > 0 || !isLight ? 2 : 1
    i = end > 0 ? end : i + (c > 0xffff ? 2 : 1)
  }
  return n
}

/** Counts addresses as 23 and the rest by `count`. */
function around(s: string, takesBare: boolean, count: (stretch: string) => number): number {
  let n = 0
  let at = 0
  for (const { start, end } of urlsOf(s, takesBare)) {
    n += count(s.slice(at, start)) + ADDRESS
    at = end
  }
  return n + count(s.slice(at))
}

export function xLength(text: string): number {
  // ASCII without a dot: there are neither addresses nor emoji.
  if (/^[\x00-\x2d\x2f-\x7f]*$/.test(text)) return text.length
  return around(text.normalize('NFC'), true, weights)
}

/** The host of "@user@host" does not count: the user stays. */
const REMOTE = /(?<![A-Za-z0-9_/=@])@([A-Za-z0-9_](?:[A-Za-z0-9_.-]*[A-Za-z0-9_])?)@[A-Za-z0-9_\u0080-\u{10ffff}](?:[A-Za-z0-9_.\-\u0080-\u{10ffff}]*[A-Za-z0-9_\u0080-\u{10ffff}])?/gu

function stretch(s: string): number {
  let n = 0
  let at = 0
  for (const match of s.matchAll(REMOTE)) {
    n += graphemes(s.slice(at, match.index + 1 + match[1]!.length))
    at = match.index + match[0].length
  }
  return n + graphemes(s.slice(at))
}

export const mastodonLength = (text: string) => around(text, false, stretch)
