// Where addresses stand in a text: the twin of src/text/url.c, url_host.c and url_rest.c, which says the rules and where they come from.
// Offsets are UTF-16 units. Loaded only by units that count an address as fixed (length_web.ts).
import { TLDS } from './length_tlds'

export interface UrlRange {
  start: number
  end: number
}

const tlds = new Set(TLDS.split(' '))
const TLD_POINTS = 18
const LABEL_MAX = 63
const UNITS_MAX = 4096
const TCO_MAX = 40
/** Stands for the end of the text and ends everything. */
const NOTHING = 0xfffe

const pointAt = (s: string, i: number) => s.codePointAt(i) ?? NOTHING
const widthOf = (c: number) => (c > 0xffff ? 2 : 1)
const isAlnum = (c: number) => (c >= 48 && c <= 57) || ((c | 32) >= 97 && (c | 32) <= 122)
const isInvalid = (c: number) => c === 0xfffe || c === 0xfeff || c === 0xffff || (c >= 0xd800 && c <= 0xdfff)
const isSpace = (c: number) =>
  (c >= 9 && c <= 13) || c === 32 || c === 0x85 || c === 0xa0 || c === 0x1680 || c === 0x180e || (c >= 0x2000 && c <= 0x200a) ||
  c === 0x2028 || c === 0x2029 || c === 0x202f || c === 0x205f || c === 0x3000
const isDirection = (c: number) => (c >= 0x202a && c <= 0x202e) || c === 0x61c || c === 0x200e || c === 0x200f || (c >= 0x2066 && c <= 0x2069)
const isDomainLetter = (c: number) => (c < 0x80 ? isAlnum(c) || c === 34 || c === 96 : !isSpace(c) && !isDirection(c) && !isInvalid(c))
const SINGLE_LATIN = new Set([0x253, 0x254, 0x256, 0x257, 0x259, 0x25b, 0x263, 0x268, 0x26f, 0x272, 0x289, 0x28b, 0x2bb])
const isLatin = (c: number) =>
  c < 0x80
    ? isAlnum(c)
    : (c >= 0xc0 && c <= 0x24f && c !== 0xd7 && c !== 0xf7) || SINGLE_LATIN.has(c) || (c >= 0x300 && c <= 0x36f) || (c >= 0x1e00 && c <= 0x1eff)
const mayPrecede = (c: number) => !isAlnum(c) && c !== 64 && c !== 36 && c !== 35 && c !== 0xff20 && c !== 0xff03 && !isInvalid(c)
const mayFollowTld = (c: number) => !isAlnum(c) && c !== 64 && c !== 43 && c !== 45
const pathLetter = /^[!*';:=+,.$/%#[\]\-_~@|&]$/
const isPathLetter = (c: number) =>
  c < 0x80 ? isAlnum(c) || pathLetter.test(String.fromCharCode(c)) : c === 0x2013 || (c >= 0x400 && c <= 0x4ff) || isLatin(c)
const mayEndPath = (c: number) => (c < 0x80 ? isAlnum(c) || '+-=_#/'.includes(String.fromCharCode(c)) : (c >= 0x400 && c <= 0x4ff) || isLatin(c))

/** The end of the top-level domain that begins at `at` and may end a host; 0 for none. */
function tldEnd(s: string, at: number): number {
  const puny = /xn--[-0-9a-z]+/iy
  puny.lastIndex = at
  if (puny.test(s)) return puny.lastIndex
  let best = 0
  let end = at
  let lower = ''
  for (let n = 0, c = pointAt(s, at); n < TLD_POINTS && (isDomainLetter(c) || c === 45); n++) {
    end += widthOf(c)
    const letter = String.fromCodePoint(c)
    lower += c === 0x130 ? letter : letter.toLowerCase()
    c = pointAt(s, end)
    if (mayFollowTld(c) && tlds.has(lower)) best = end
  }
  return best
}

function adapt(delta: number, points: number, isFirst: boolean): number {
  delta = Math.floor(delta / (isFirst ? 700 : 2))
  delta += Math.floor(delta / points)
  let k = 0
  for (; delta > 455; k += 36) delta = Math.floor(delta / 35)
  return k + Math.floor((36 * delta) / (delta + 38))
}

function digitsOf(delta: number, bias: number): number {
  for (let k = 36, n = 1; ; k += 36, n++) {
    const t = k <= bias ? 1 : k >= bias + 26 ? 26 : k - bias
    if (delta < t) return n
    delta = Math.floor((delta - t) / (36 - t))
  }
}

/** Letters of a label in its ASCII form (RFC 3492); beyond LABEL_MAX any larger number. */
function asciiFormLength(label: string): number {
  if (label.length > 2 * LABEL_MAX) return LABEL_MAX + 1
  const points = Array.from(label, (x) => pointAt(x, 0))
  if (points.length > LABEL_MAX) return LABEL_MAX + 1
  const basic = points.filter((c) => c < 0x80).length
  if (basic === points.length) return basic
  let length = 4 + basic + (basic > 0 ? 1 : 0)
  for (let code = 0x80, delta = 0, bias = 72, done = basic; done < points.length; delta++, code++) {
    const next = Math.min(...points.filter((c) => c >= code))
    delta += (next - code) * (done + 1)
    code = next
    for (const c of points) {
      if (c < code) delta++
      if (c !== code) continue
      length += digitsOf(delta, bias)
      bias = adapt(delta, done + 1, done === basic)
      delta = 0
      done++
    }
  }
  return length
}

const areLabelsShort = (host: string) => host.split('.').every((label) => asciiFormLength(label) <= LABEL_MAX)

/** The end of the longest host from `at` (0: none), and where the next bare one may begin if there is none. */
function hostEnd(s: string, at: number): { end: number; dead: number } {
  let end = 0
  let firstLine = 0
  for (let from = at, isFirst = true, mayEnd = false; ; ) {
    let stop = from
    let afterLine = 0
    let last = NOTHING
    for (let c = pointAt(s, stop); isDomainLetter(c) || c === 45 || c === 95; c = pointAt(s, stop)) {
      last = c
      stop += widthOf(c)
      if (c === 95) afterLine = stop
    }
    if (mayEnd) end = tldEnd(s, from) || end
    if (isFirst) firstLine = afterLine
    const beginsBadly = stop > from && (s[from] === '-' || s[from] === '_')
    const isGood = stop > from && !beginsBadly && last !== 45 && last !== 95
    if (!isGood || s[stop] !== '.') return { end, dead: !isFirst && firstLine > 0 ? firstLine : beginsBadly ? from : stop }
    mayEnd = afterLine === 0
    isFirst = false
    from = stop + 1
  }
}

/** The first domain of Latin labels alone in s[from, end). */
function latinDomain(s: string, from: number, end: number): UrlRange | null {
  for (let at = from; at < end; ) {
    let found = 0
    let pos = at
    for (let label = at; ; ) {
      for (let c = pointAt(s, pos); pos < end && (isLatin(c) || c === 45); c = pointAt(s, pos)) pos += widthOf(c)
      if (pos === label || pos >= end || s[pos] !== '.') break
      label = ++pos
      const tld = tldEnd(s, label)
      if (tld > 0 && tld <= end) found = tld
    }
    if (found > 0) return { start: at, end: found }
    at = pos > at ? pos : at + widthOf(pointAt(s, at))
  }
  return null
}

function pathRun(s: string, at: number): number {
  for (let c = pointAt(s, at); isPathLetter(c); c = pointAt(s, at)) at += widthOf(c)
  return at
}

/** Behind the bracket that closes the one at `at`, with at most one pair inside; 0 for none. */
function bracketEnd(s: string, at: number): number {
  const inner = pathRun(s, at + 1)
  if (s[inner] === ')') return inner > at + 1 ? inner + 1 : 0
  if (s[inner] !== '(') return 0
  const deep = pathRun(s, inner + 1)
  if (deep === inner + 1 || s[deep] !== ')') return 0
  const end = pathRun(s, deep + 1)
  return s[end] === ')' ? end + 1 : 0
}

function pathEnd(s: string, at: number): number {
  let end = at + 1
  for (let pos = at + 1; ; ) {
    const c = pointAt(s, pos)
    if (isPathLetter(c)) {
      pos += widthOf(c)
      if (mayEndPath(c)) end = pos
    } else {
      const close = c === 40 ? bracketEnd(s, pos) : 0
      if (close === 0) return end
      end = pos = close
    }
  }
}

function queryEnd(s: string, at: number): number {
  const query = /\?[a-z0-9!?*'@();:&=+$/%#[\]\-_.,~|]*[a-z0-9\-_&=#/]/iy
  query.lastIndex = at
  return query.test(s) ? query.lastIndex : at
}

function restEnd(s: string, at: number): { end: number; hasPath: boolean } {
  const port = /:[0-9]+/y
  port.lastIndex = at
  let end = port.test(s) ? port.lastIndex : at
  const hasPath = s[end] === '/'
  if (hasPath) end = pathEnd(s, end)
  if (s[end] === '?') end = queryEnd(s, end)
  return { end, hasPath }
}

function tcoEnd(s: string, host: number, end: number): number {
  const tco = /t\.co\/([a-z0-9]+)/iy
  tco.lastIndex = host
  const match = tco.exec(s)
  if (!match) return end
  if (match[1]!.length > TCO_MAX) return 0
  return s[tco.lastIndex] === '?' ? queryEnd(s, tco.lastIndex) : tco.lastIndex
}

/** Addresses from left to right, never overlapping. takesBare: also domains without http:// or https://. */
export function urlsOf(s: string, takesBare: boolean): UrlRange[] {
  const found: UrlRange[] = []
  if (!s.includes('.')) return found
  const scheme = /https?:\/\//iy
  let least = -1
  let dead = 0
  let before = 32
  for (let at = 0; at < s.length; ) {
    const from = at
    const c = pointAt(s, from)
    // At the very start a letter beyond ASCII is taken for what stands before: see url.c.
    const isGivenAway = from === 0 && c >= 0x80 && mayPrecede(c) && isDomainLetter(pointAt(s, widthOf(c))) && hostEnd(s, widthOf(c)).end > 0
    if (from > least && mayPrecede(before) && isDomainLetter(c) && !isGivenAway) {
      scheme.lastIndex = from
      if ((c | 32) === 104 && scheme.test(s)) {
        const host = scheme.lastIndex
        const { end } = hostEnd(s, host)
        if (end > 0) {
          const match = restEnd(s, end).end
          at = least = match
          const stop = areLabelsShort(s.slice(host, end)) && match - from <= UNITS_MAX ? tcoEnd(s, host, match) : 0
          if (stop > 0) found.push({ start: from, end: stop })
        }
      }
      if (at === from && takesBare && from >= dead) {
        const host = hostEnd(s, from)
        dead = host.dead
        if (host.end > 0) {
          const rest = restEnd(s, host.end)
          at = least = rest.end
          if (!'-_./'.includes(String.fromCodePoint(before)) && areLabelsShort(s.slice(from, host.end)) && rest.end - from <= UNITS_MAX) {
            let last: UrlRange | null = null
            for (let next = latinDomain(s, from, host.end); next; next = latinDomain(s, next.end, host.end)) found.push((last = next))
            if (last && rest.hasPath) last.end = rest.end
          }
        }
      }
    }
    if (at === from) at += widthOf(c)
    before = at === from + widthOf(c) ? c : pointBefore(s, at)
  }
  return found
}

function pointBefore(s: string, at: number): number {
  const low = s.charCodeAt(at - 1)
  return low >= 0xdc00 && low <= 0xdfff && at > 1 ? pointAt(s, at - 2) : low
}
