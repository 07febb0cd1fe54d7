// A text that is over a network's limit, in the parts that the server makes of it: the twin of src/text/split.c, held to the same vectors
// (tests/data/splits.json). For the editor's count; load it when a text is over its limit.
import { graphemeEnds, lengthCounter, utf8Bytes, type LengthUnit } from './length'
import { linksOf } from './links'

export interface SplitLimit { count: (text: string) => number; max: number }

export const SPLIT_PARTS_MAX = 999

/** What may be cut after a piece, from worst to best. */
const CUT_PIECE = 0
const CUT_WORD = 1
const CUT_SENTENCE = 2
const CUT_LINE = 3
const CUT_PARAGRAPH = 4

/** A grapheme, a run of white space or an address. bytes: where it ends in UTF-8. */
interface Piece { end: number; bytes: number; isSpace: boolean; cut: number }

const isSpaceAt = /^\p{White_Space}/u
const endsSentence = /(?:[.!?…।॥؟۔。！？]|\."|[.!?][)”]|。[」）])$/u
const endsWide = /[。！？]$/u

function cutOfSpace(space: string): number {
  const lines = space.match(/\n|\r(?!\n|$)/g)?.length ?? 0
  return lines > 1 ? CUT_PARAGRAPH : lines === 1 ? CUT_LINE : CUT_WORD
}

function piecesOf(text: string): Piece[] {
  const pieces: Piece[] = []
  const links = linksOf(text)
  const ends = graphemeEnds(text)
  let at = 0
  let link = 0
  let bytes = 0
  for (let i = 0; at < text.length; ) {
    while (link < links.length && links[link]!.end <= at) link++
    // A grapheme may begin before an address and end in it: both are one piece then.
    let end = ends[i++]!
    const isLink = link < links.length && links[link]!.start < end
    const whole = isLink ? links[link]!.end : end
    const isSpace = isSpaceAt.test(text.slice(at, at + 2)) && !isLink
    while (end < whole) end = ends[i++]!
    bytes += utf8Bytes(text.slice(at, end))
    const last = pieces[pieces.length - 1]
    if (isSpace && last?.isSpace) Object.assign(last, { end, bytes })
    else pieces.push({ end, bytes, isSpace, cut: CUT_PIECE })
    at = end
  }
  let start = 0
  for (const piece of pieces) {
    const own = text.slice(start, piece.end)
    if (piece.isSpace) {
      piece.cut = cutOfSpace(own)
      const before = text.slice(Math.max(0, start - 2), start)
      if (piece.cut === CUT_WORD && endsSentence.test(before)) piece.cut = CUT_SENTENCE
    } else if (endsWide.test(own)) piece.cut = CUT_SENTENCE
    start = piece.end
  }
  return pieces
}

class Splitter {
  private readonly pieces: Piece[]
  private readonly text: string
  private readonly limits: readonly SplitLimit[]
  constructor(text: string, limits: readonly SplitLimit[]) {
    this.text = text
    this.limits = limits
    this.pieces = piecesOf(text)
  }

  split(isNumbered: boolean): string[] | null {
    const whole = this.slice(this.first, this.pieces.length)
    if (whole && this.fits(whole)) return [whole]
    return (isNumbered && whole ? this.numbered() : null) ?? this.parts(0)
  }

  private get first(): number {
    return this.pieces[0]?.isSpace ? 1 : 0
  }
  private startOf(piece: number): number {
    return piece > 0 ? this.pieces[piece - 1]!.end : 0
  }
  private bytesOf(piece: number): number {
    return piece > 0 ? this.pieces[piece - 1]!.bytes : 0
  }
  /** Pieces [from, to) without white space at the end. */
  private slice(from: number, to: number): string {
    while (to > from && this.pieces[to - 1]!.isSpace) to--
    return this.text.slice(this.startOf(from), this.startOf(to))
  }
  private fits(part: string): boolean {
    return this.limits.every(({ count, max }) => count(part) <= max)
  }

  /** The most pieces from `from` that fit, found by doubling and halving. */
  private mostFitting(from: number, number: string): number {
    const n = this.pieces.length
    let good = from
    let bad = n + 1
    for (let step = 16; good < n && bad > n; step *= 2) {
      const to = n - good < step ? n : good + step
      if (this.fits(this.slice(from, to) + number)) good = to
      else bad = to
    }
    while (good + 1 < bad && bad <= n) {
      const middle = good + Math.floor((bad - good) / 2)
      if (this.fits(this.slice(from, middle) + number)) good = middle
      else bad = middle
    }
    return good
  }

  /** The best place to cut in (from, to]: a better kind counts when the part stays half as long as it could be (a word: a quarter). */
  private bestCut(from: number, to: number): number {
    const n = this.pieces.length
    if (to < n && this.pieces[to]!.isSpace) to++
    if (to >= n) return n
    const last = [0, 0, 0, 0, 0]
    for (let i = from; i < to; i++) for (let cut = CUT_PIECE; cut <= this.pieces[i]!.cut; cut++) last[cut] = i + 1
    const begin = this.bytesOf(from)
    const room = this.bytesOf(to) - begin
    for (let cut = CUT_PARAGRAPH; cut > CUT_PIECE; cut--) {
      const end = last[cut]!
      if (end > 0 && this.bytesOf(end) - begin >= Math.floor(room / (cut === CUT_WORD ? 4 : 2))) return end
    }
    return to
  }

  /** All parts with room for numbers of this many digits (0: without); null when they cannot be made. */
  private parts(digits: number): string[] | null {
    const n = this.pieces.length
    const widest = '9'.repeat(digits)
    const number = digits > 0 ? ` (${widest}/${widest})` : ''
    const found: string[] = []
    for (let from = this.first; from < n; ) {
      if (found.length === SPLIT_PARTS_MAX || (digits > 0 && found.length === Number(widest))) return null
      let to = this.mostFitting(from, number)
      if (to < n && to > from) to = this.bestCut(from, to)
      while (to > from && !this.fits(this.slice(from, to) + number)) to--
      if (to === from) return null
      found.push(this.slice(from, to))
      while (to < n && this.pieces[to]!.isSpace) to++
      from = to
    }
    return found
  }

  private numbered(): string[] | null {
    for (let digits = 1; digits <= 3; digits++) {
      const found = this.parts(digits)
      if (!found) continue
      const all = found.map((part, i) => `${part} (${i + 1}/${found.length})`)
      return all.every((part) => this.fits(part)) ? all : null
    }
    return null
  }
}

/** The parts in their order; null when the text cannot be cut so that each fits. */
export const splitText = (text: string, limits: readonly SplitLimit[], isNumbered: boolean): string[] | null => new Splitter(text, limits).split(isNumbered)

/** The limits of a network as its rules say them. */
export async function splitLimits(unit: LengthUnit, max: number, maxBytes: number | null): Promise<SplitLimit[]> {
  return [{ count: await lengthCounter(unit), max }, ...(maxBytes === null ? [] : [{ count: utf8Bytes, max: maxBytes }])]
}
