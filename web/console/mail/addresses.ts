// Mail addresses as people write and paste them: "Asha Rao <asha@example.net>, b@example.net; …", one a line, out of a spreadsheet. Pure and linear.
import type { Address } from './types'

export const RECIPIENTS_MAX = 100
const TEXT_MAX = 40_000
const ENTRY_MAX = 1000
const LOCAL_MAX = 64
const DOMAIN_MAX = 253

/** What a server would take: RFC 5321 lengths, a dot-atom or UTF-8 words (RFC 6531) before the last "@", a name with a dot after it. */
export function isAddress(text: string): boolean {
  const at = text.lastIndexOf('@')
  const local = text.slice(0, at)
  const domain = text.slice(at + 1)
  const bytes = new TextEncoder().encode(local).length
  if (at < 1 || bytes > LOCAL_MAX || domain.length > DOMAIN_MAX) return false
  if (!/^[\p{L}\p{M}\p{N}!#$%&'*+/=?^_`{|}~.-]+$/u.test(local) || local.startsWith('.') || local.endsWith('.') || local.includes('..')) return false
  const labels = domain.split('.')
  return labels.length > 1 && labels.every((label) => label.length <= 63 && /^[\p{L}\p{M}\p{N}](?:[\p{L}\p{M}\p{N}-]*[\p{L}\p{M}\p{N}])?$/u.test(label)) && !/^\d+$/.test(labels[labels.length - 1] ?? '')
}

const trimmed = (text: string): string => text.replace(/^[\s'“”„«»]+/u, '').replace(/(?<![\s'“”„«»])[\s'“”„«»]+$/u, '')
/** A quoted name as RFC 5322 quotes it, any other as it stands. */
const nameIn = (text: string): string => {
  const name = text.trim()
  return name.length > 1 && name.startsWith('"') && name.endsWith('"') ? name.slice(1, -1).replace(/\\(.)/gs, '$1').trim() : trimmed(name)
}

/** One entry: "Name <address>", "address (Name)", "mailto:address" or an address. What is no address keeps its words, to be mended. */
export function readAddress(text: string): Address {
  const entry = text.trim().slice(0, ENTRY_MAX)
  const open = entry.lastIndexOf('<')
  const close = entry.indexOf('>', open)
  if (open >= 0 && close > open) return { name: nameIn(entry.slice(0, open)), address: entry.slice(open + 1, close).trim().replace(/^mailto:/i, '') }
  const comment = /^(\S+@\S+)\s*\(([^()]*)\)$/.exec(entry)
  if (comment) return { name: nameIn(comment[2] ?? ''), address: comment[1] ?? '' }
  return { name: '', address: trimmed(entry).replace(/"/g, '').replace(/^mailto:/i, '').replace(/\?.*$/, '') }
}

/** Entries of a list: parted by commas, semicolons, line ends and tabs, but not within quotes or brackets. Also the Arabic and the full-width comma. */
export function entriesOf(text: string): string[] {
  const found: string[] = []
  let begin = 0
  let isQuoted = false
  let isBracketed = false
  const source = text.slice(0, TEXT_MAX)
  const end = (at: number): void => {
    const entry = source.slice(begin, at).trim()
    if (entry) found.push(entry)
    begin = at + 1
  }
  for (let i = 0; i < source.length; i++) {
    const c = source[i] as string
    if (c === '\\' && isQuoted) i++
    else if (c === '\n' || c === '\r') {
      isQuoted = isBracketed = false
      end(i)
    } else if (c === '"') isQuoted = !isQuoted
    else if (isQuoted) continue
    else if (c === '<') isBracketed = true
    else if (c === '>') isBracketed = false
    else if (!isBracketed && ',;\t،؛，；、'.includes(c)) end(i)
  }
  end(source.length)
  // Addresses with nothing but blanks between: each is an entry.
  return found.flatMap((entry) => {
    const words = entry.split(/\s+/)
    return words.length > 1 && words.every((word) => isAddress(word)) ? words : [entry]
  })
}

export interface Added {
  list: Address[]
  /** were there already */
  twice: Address[]
  /** there was no more room */
  isFull: boolean
}

/** `list` with what `text` names, each address once over `everywhere` (all fields of the mail). */
export function addAddresses(list: readonly Address[], text: string, everywhere: readonly Address[] = list, max = RECIPIENTS_MAX): Added {
  const made = [...list]
  const known = new Set([...list, ...everywhere].map((one) => one.address.toLowerCase()))
  const twice: Address[] = []
  let room = max - everywhere.length
  let isFull = false
  for (const entry of entriesOf(text)) {
    const one = readAddress(entry)
    if (!one.address) continue
    if (known.has(one.address.toLowerCase())) twice.push(one)
    else if (room <= 0) isFull = true
    else {
      known.add(one.address.toLowerCase())
      made.push(one)
      room--
    }
  }
  return { list: made, twice, isFull }
}

/** As it may be read again: names with signs of their own in quotes. */
export function writeAddress({ name, address }: Address): string {
  if (!name) return address
  return `${/[",;<>()@:\\[\]]/.test(name) ? `"${name.replace(/["\\]/g, '\\$&')}"` : name} <${address}>`
}
