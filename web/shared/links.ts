// Where a text holds addresses that must not be cut: the twin of the links of src/text/facets.c, held to the same vectors
// (tests/data/splits.json). Offsets are UTF-16 units. Mentions and tags are walked over, for what begins in them is no address.
import { graphemes } from './length'
import { urlsOf, type UrlRange } from './length_url'

const FACETS_MAX = 1000
const TAG_GRAPHEMES = 64
const isWord = /^[\p{L}\p{M}\p{N}\p{Pc}]/u
const isAlphabetic = /^\p{Alphabetic}/u
const isSpace = /^[\x00-\x20\x7f-\xa0\p{White_Space}\ufeff]/u
/** Punctuation that ends a sentence or quotation around an address. */
const isClosing = /^[.,;:!?'"*>\]}|\u3001\u3002\uff0c\uff0e\uff01\uff1f\u2026\u0964\u060c\u061f\u061b]|^(?![\x00-\x7f])[\p{Pe}\p{Pf}\p{Pi}\p{Ps}]/u
const scheme = /https?:\/\//iy

const at = (s: string, i: number): string => (i < s.length ? String.fromCodePoint(s.codePointAt(i)!) : '\0')
function before(s: string, i: number): string {
  if (i === 0) return ' '
  const low = s.charCodeAt(i - 1)
  return low >= 0xdc00 && low <= 0xdfff && i > 1 ? at(s, i - 2) : s.charAt(i - 1)
}
function schemeLength(s: string, i: number): number {
  scheme.lastIndex = i
  return scheme.test(s) ? scheme.lastIndex - i : 0
}

/** Up to the next white space, less what only closes: ")" stays when the address opened it. */
function spacedEnd(s: string, start: number): number {
  let end = start
  let open = 0
  for (; end < s.length; end += at(s, end).length) {
    const x = at(s, end)
    if (isSpace.test(x) || x === '<' || x === '>' || x === '"') break
    open += x === '(' ? 1 : x === ')' ? -1 : 0
  }
  while (end > start) {
    const x = before(s, end)
    if (x === ')' && open < 0) open++
    else if (!isClosing.test(x)) break
    end -= x.length
  }
  return end
}

/** An ASCII path goes on where a letter of another script follows it. */
function grownEnd(s: string, { start, end }: UrlRange): number {
  const hasPath = s.slice(start + schemeLength(s, start), end).includes('/')
  return !hasPath || end >= s.length || s.charCodeAt(end) < 0x80 || !isWord.test(at(s, end)) ? end : spacedEnd(s, start)
}

/** An address with a scheme whose host is not known; 0 for none. */
function otherEnd(s: string, start: number): number {
  const length = schemeLength(s, start)
  return length === 0 || !isWord.test(at(s, start + length)) ? 0 : spacedEnd(s, start)
}

function nameEnd(s: string, start: number, takesAll: boolean): number {
  let end = start
  for (let i = start; i < s.length; ) {
    const x = at(s, i)
    const isLetter = x < '\x80' ? /[0-9A-Za-z_]/.test(x) : takesAll && isWord.test(x)
    if (isLetter) end = i + x.length
    else if ((x !== '.' && x !== '-') || i === start) break
    i += x.length
  }
  return end
}

/** The end of the mention whose "@" is at `i`; 0 for none. */
function mentionEnd(s: string, i: number): number {
  const x = before(s, i)
  if (isWord.test(x) || '/@=.'.includes(x)) return 0
  const end = nameEnd(s, i + 1, false)
  if (end === i + 1) return 0
  const host = s[end] === '@' ? nameEnd(s, end + 1, true) : 0
  return host > end + 1 ? host : end
}

/** The end of the tag whose sign is at `i`; 0 for none. */
function tagEnd(s: string, i: number): number {
  const x = before(s, i)
  if (isWord.test(x) || x === '&' || x === '/') return 0
  let end = i + 1
  let hasLetter = false
  for (; end < s.length; end += at(s, end).length) {
    const y = at(s, end)
    if (!isWord.test(y) && !((y === '\u200c' || y === '\u200d') && end > i + 1)) break
    hasLetter ||= isAlphabetic.test(y)
  }
  while (end > i + 1 && (s[end - 1] === '\u200c' || s[end - 1] === '\u200d')) end--
  return hasLetter && graphemes(s.slice(i + 1, end)) <= TAG_GRAPHEMES ? end : 0
}

export function linksOf(s: string): UrlRange[] {
  const found: UrlRange[] = []
  const urls = urlsOf(s, true)
  let facets = 0
  let url = 0
  for (let i = 0; i < s.length; ) {
    while (url < urls.length && urls[url]!.start < i) url++
    const x = at(s, i)
    const range = urls[url]
    const end = range?.start === i ? grownEnd(s, range) : x === 'h' || x === 'H' ? (isWord.test(before(s, i)) ? 0 : otherEnd(s, i)) : 0
    const other = end > i ? end : x === '@' ? mentionEnd(s, i) : x === '#' || x === '\uff03' ? tagEnd(s, i) : 0
    if (end > i && facets < FACETS_MAX) found.push({ start: i, end })
    if (other > i) facets++
    i = other > i ? other : i + x.length
  }
  return found
}
