// Cuts a text into words, links and mentions. Pure; only http, https and mailto ever become links.

export type TextPart = { kind: 'text'; text: string } | { kind: 'link'; text: string; href: string } | { kind: 'mention'; text: string }

const LINK = /\bhttps?:\/\/[^\s<>"'`]+|\b[\w.+-]{1,64}@[\w-]+(?:\.[\w-]+)+/giu
const TRAILING = /[.,;:!?)\]}'"»›。、，।؟]+$/u
const MAX_PARTS = 500

/** A closing bracket that was opened within the link is part of it. */
function trimmed(link: string): string {
  let end = link.replace(TRAILING, '')
  const rest = link.slice(end.length)
  if (rest.startsWith(')') && end.includes('(') && !end.includes(')')) end += ')'
  return end
}

export function linkParts(text: string, mentionNames: readonly string[]): TextPart[] {
  const parts: TextPart[] = []
  let at = 0
  for (const match of text.matchAll(LINK)) {
    if (parts.length > MAX_PARTS) break
    const link = trimmed(match[0])
    if (match.index > at) parts.push(...mentionParts(text.slice(at, match.index), mentionNames))
    parts.push({ kind: 'link', text: link, href: link.includes('://') ? link : 'mailto:' + link })
    at = match.index + link.length
  }
  if (at < text.length) parts.push(...mentionParts(text.slice(at), mentionNames))
  return parts
}

function mentionParts(text: string, names: readonly string[]): TextPart[] {
  const parts: TextPart[] = []
  let rest = text
  while (rest && names.length) {
    const found = names
      .map((name) => ({ at: rest.indexOf('@' + name), length: name.length + 1 }))
      .filter((one) => one.at >= 0)
      .sort((a, b) => a.at - b.at || b.length - a.length)[0]
    if (!found) break
    if (found.at > 0) parts.push({ kind: 'text', text: rest.slice(0, found.at) })
    parts.push({ kind: 'mention', text: rest.slice(found.at, found.at + found.length) })
    rest = rest.slice(found.at + found.length)
  }
  if (rest) parts.push({ kind: 'text', text: rest })
  return parts
}
