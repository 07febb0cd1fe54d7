// Where a link of a mail leads, and what to say about it. Pure. Only web pages, mail addresses and telephone numbers may be opened; a mail has no
// page of its own, so what is relative leads nowhere.

export interface SafeLink {
  href: string
  /** what it opens, for a person: the host as the browser will ask for it (a foreign script as xn--…), the mail address, the number */
  shown: string
}

const LINK_MAX = 8000
const HOST_LIKE = /^(?:https?:\/\/)?((?:[\p{L}\p{N}-]{1,63}\.){1,8}[\p{L}]{2,24})(?:[/:?#]\S*)?$/iu

/** Null: it must not be opened. */
export function safeLink(raw: string): SafeLink | null {
  const written = raw.trim()
  if (!written || written.length > LINK_MAX) return null
  let url: URL
  try {
    // The browser's own parser, so that tabs, line ends and entities in a scheme mean here what they would mean there.
    url = new URL(/^www\./i.test(written) ? 'https://' + written : written)
  } catch {
    return null
  }
  switch (url.protocol) {
    case 'http:':
    case 'https:':
      if (!url.hostname) return null
      url.username = ''
      url.password = ''
      return { href: url.href, shown: url.host }
    case 'mailto:': {
      const address = plain(url.pathname)
      return address.includes('@') ? { href: url.href, shown: address } : null
    }
    case 'tel:': {
      const digits = plain(url.pathname).replace(/[^\d+]/g, '')
      return digits ? { href: 'tel:' + digits, shown: digits } : null
    }
    default:
      return null
  }
}

function plain(encoded: string): string {
  try {
    return decodeURIComponent(encoded).replace(/[\u0000-\u001f\u007f-\u009f\u200b-\u200f\u202a-\u202e\u2066-\u2069]/g, '')
  } catch {
    return encoded
  }
}

/** The words of a link are the address of another site than the one it opens. */
export function isMisleading(words: string, href: string): boolean {
  const claimed = HOST_LIKE.exec(words.trim().slice(0, 300))?.[1]
  if (!claimed) return false
  try {
    const says = new URL('https://' + claimed).hostname.replace(/^www\./, '')
    const opens = new URL(href).hostname.replace(/^www\./, '')
    return opens !== '' && says !== opens && !says.endsWith('.' + opens) && !opens.endsWith('.' + says)
  } catch {
    return false
  }
}
