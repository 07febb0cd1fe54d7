// From the HTML of a stranger to elements that may stand on a mail's sheet (frame.tsx). Three readings, each complete by itself: DOMPurify takes out
// what runs; the second pass here keeps only the elements and attributes of its own list and decides about every address; css.ts writes the styles
// anew. The result is handed over as elements: it is never turned into text and read again, which is where sanitisers are tricked.
// The parser is that of the sheet's window, whose policy loads and runs nothing, so that not even reading a mail touches the console's document.
import createDOMPurify, { type Config, type WindowLike } from 'dompurify'
import { contentId } from './types'
import { isMisleading, safeLink } from './links'
import { quotesOf } from './quote'
import { StyleCleaner } from './css'

export const HTML_MAX = 2_000_000
const ELEMENTS_MAX = 60_000
const DATA_PICTURE = /^data:image\/(?:png|jpeg|gif|webp|avif|bmp);base64,[a-z0-9+/=\s]+$/i
/** A picture of this many pixels is there to tell that the mail was read. */
const TRACKER_PX = 2
const SIZE_MAX = 5000
/** A waiting picture of this width gives way on a narrow sheet, as the picture itself does. */
const WIDE_PX = 200

export const TAGS = [
  'a', 'abbr', 'acronym', 'address', 'article', 'aside', 'b', 'bdi', 'bdo', 'big', 'blockquote', 'body', 'br', 'caption', 'center', 'cite', 'code', 'col', 'colgroup', 'dd', 'del', 'dfn', 'div', 'dl', 'dt',
  'em', 'figcaption', 'figure', 'font', 'footer', 'h1', 'h2', 'h3', 'h4', 'h5', 'h6', 'head', 'header', 'hr', 'html', 'i', 'img', 'ins', 'kbd', 'li', 'main', 'mark', 'nav', 'ol', 'p', 'pre', 'q',
  's', 'samp', 'section', 'small', 'span', 'strike', 'strong', 'style', 'sub', 'sup', 'table', 'tbody', 'td', 'tfoot', 'th', 'thead', 'time', 'tr', 'tt', 'u', 'ul', 'var', 'wbr',
]
/** What an element may carry, beside what the second pass writes itself (href, src, style, target …). */
const KEPT = new Set([
  'align', 'alt', 'aria-hidden', 'aria-label', 'bgcolor', 'border', 'cellpadding', 'cellspacing', 'class', 'color', 'colspan', 'dir', 'face', 'height', 'hspace', 'lang', 'noshade', 'nowrap', 'reversed',
  'role', 'rowspan', 'scope', 'size', 'span', 'start', 'title', 'type', 'valign', 'value', 'vspace', 'width',
])
/** Only read, here and in quote.ts, never kept: without ids and names nothing can be named over. */
const READ = ['href', 'id', 'src', 'style', 'text']
const ROLES = new Set(['presentation', 'none', 'img', 'heading'])
const NUMBERS = new Set(['border', 'cellpadding', 'cellspacing', 'colspan', 'height', 'hspace', 'rowspan', 'size', 'span', 'start', 'value', 'vspace', 'width'])

const CONFIG: Config = {
  ALLOWED_TAGS: TAGS,
  ALLOWED_ATTR: [...KEPT, ...READ],
  ALLOW_DATA_ATTR: false,
  ALLOW_ARIA_ATTR: false,
  ALLOW_UNKNOWN_PROTOCOLS: false,
  WHOLE_DOCUMENT: true,
  RETURN_DOM: true,
}

export interface TidyOptions {
  /** id of the message */
  message: string
  /** Content-Id → what stands behind `/api/v1/attachments/` for the picture */
  inline: ReadonlyMap<string, string>
  /** pictures of other sites are shown */
  hasPictures: boolean
}
export interface Tidied {
  /** one element with everything in it, of the sheet's window */
  body: HTMLElement
  styles: string
  /** pictures of other sites that wait for leave */
  waiting: number
  /** pictures that only tell that the mail was read: they never load */
  trackers: number
  quotes: readonly HTMLElement[]
  isCut: boolean
}

/** Longer addresses are no pictures' (src/text/html_picture.h). */
const ADDRESS_MAX = 2000
/** Where a picture of another site comes from: this server fetches it, when it stands so in the mail. */
const pictureAddress = (message: string, address: string): string => `/api/v1/messages/${message}/mail/picture?address=${encodeURIComponent(address)}`
/** An attachment, or a file of a mail in one, as the API serves it: with its own policy and only to who may see it. */
const attachmentAddress = (place: string): string => `/api/v1/attachments/${place}`

function remotePicture(src: string): string | null {
  try {
    const url = new URL(src)
    // A picture "on" this very site is nobody's.
    if (src.length > ADDRESS_MAX) return null
    return (url.protocol === 'https:' || url.protocol === 'http:') && url.origin !== location.origin && !url.username && !url.password ? url.href : null
  } catch {
    return null
  }
}

const isTiny = (image: HTMLElement): boolean => {
  const { width, height, display } = image.style
  if (display === 'none') return true
  return [image.getAttribute('width') ?? '', image.getAttribute('height') ?? '', width, height].some((size) => /^\s*\d+(?:\.\d+)?(?:px)?\s*$/.test(size) && parseFloat(size) <= TRACKER_PX)
}

class Tidier {
  waiting = 0
  trackers = 0
  private readonly cleaner = new StyleCleaner()
  private readonly options: TidyOptions
  constructor(options: TidyOptions) {
    this.options = options
  }

  private picture(image: HTMLElement, src: string): void {
    const isCid = /^\s*cid:/i.test(src)
    const attachment = isCid ? this.options.inline.get(contentId(decoded(src.replace(/^\s*cid:/i, '')))) : undefined
    const remote = isCid ? null : remotePicture(src)
    if (attachment) image.setAttribute('src', attachmentAddress(attachment))
    else if (DATA_PICTURE.test(src)) image.setAttribute('src', src)
    else if (!remote) image.setAttribute('data-seva-lost', '')
    else if (isTiny(image)) {
      this.trackers++
      image.setAttribute('data-seva-tracker', '')
    } else if (this.options.hasPictures) {
      image.setAttribute('data-seva-wait', pictureAddress(this.options.message, src.replace(/^[ \t\n\r]+|[ \t\n\r]+$/g, '')))
    } else {
      this.waiting++
      this.placeholder(image, remote)
    }
    image.setAttribute('decoding', 'async')
  }

  /** A box of the picture's size with its words, and its address for whoever allows it. */
  private placeholder(image: HTMLElement, address: string): void {
    const box = image.ownerDocument.createElement('span')
    const alt = image.getAttribute('alt') ?? ''
    const style = image.getAttribute('style') ?? ''
    const sizes = (['width', 'height'] as const).map((name) => {
      const size = /^\s*(\d{1,4})(%?)/.exec(image.getAttribute(name) ?? '')
      return size ? `${name}:${size[1]}${size[2] || 'px'};` : ''
    })
    box.setAttribute('data-seva-src', address)
    if (parseFloat(image.getAttribute('width') ?? image.style.width) >= WIDE_PX) box.setAttribute('data-seva-wide', '')
    box.setAttribute('style', sizes.join('') + style)
    box.textContent = alt
    if (!alt) box.setAttribute('aria-hidden', 'true')
    image.replaceWith(box)
  }

  private link(anchor: HTMLElement, href: string): void {
    const link = safeLink(href)
    if (!link) return
    anchor.setAttribute('href', link.href)
    anchor.setAttribute('target', '_blank')
    anchor.setAttribute('rel', 'noopener noreferrer nofollow')
    anchor.setAttribute('title', link.shown)
    if (isMisleading(anchor.textContent ?? '', link.href)) anchor.setAttribute('data-seva-opens', link.shown)
  }

  /** Attributes of the list stay, everything else is taken off; addresses and styles are written anew. */
  element(element: HTMLElement): void {
    const { href, src, style } = { href: element.getAttribute('href'), src: element.getAttribute('src'), style: element.getAttribute('style') }
    for (const name of element.getAttributeNames()) {
      const value = element.getAttribute(name) ?? ''
      const isKept = KEPT.has(name) && (name !== 'role' || ROLES.has(value)) && (!NUMBERS.has(name) || !(parseFloat(value) > SIZE_MAX))
      if (!isKept) element.removeAttribute(name)
    }
    const clean = style ? this.cleaner.attribute(style) : ''
    if (clean) element.setAttribute('style', clean)
    if (element.localName === 'a' && href !== null) this.link(element, href)
    if (element.localName === 'img') this.picture(element, src ?? '')
  }

  styles(texts: readonly string[]): string {
    return texts.map((text) => this.cleaner.element(text)).join('\n')
  }
}

function decoded(text: string): string {
  try {
    return decodeURIComponent(text)
  } catch {
    return text
  }
}

/** What the mail's own body says about itself moves to the part of the sheet that stands for it. */
function bodyOf(html: Element, document: Document): HTMLElement {
  const sheet = document.createElement('div')
  const body = Array.from(html.children).find((one) => one.localName === 'body')
  for (const name of ['style', 'class', 'bgcolor', 'dir', 'lang']) {
    const value = body?.getAttribute(name) ?? (name === 'dir' || name === 'lang' ? html.getAttribute(name) : null)
    if (value) sheet.setAttribute(name, value)
  }
  const background = sheet.getAttribute('bgcolor')
  sheet.removeAttribute('bgcolor')
  if (background && /^#?[\w]{1,20}$/.test(background)) sheet.setAttribute('style', `background-color:${background};${sheet.getAttribute('style') ?? ''}`)
  const colour = body?.getAttribute('text')
  if (colour && /^#?[\w]{1,20}$/.test(colour)) sheet.setAttribute('style', `color:${colour};${sheet.getAttribute('style') ?? ''}`)
  if (body) sheet.append(...Array.from(body.childNodes))
  return sheet
}

/** `sheet`: the window of the empty sheet. What is returned belongs to no document that shows it yet: nothing of it has been fetched. */
export function tidy(html: string, sheet: Window & typeof globalThis, options: TidyOptions): Tidied {
  const purify = createDOMPurify(sheet as unknown as WindowLike)
  const clean = purify.sanitize(html.slice(0, HTML_MAX), CONFIG) as unknown as HTMLElement | null
  if (!clean) throw new Error('the mail has nothing that could be shown')
  const styleTexts: string[] = []
  for (const style of Array.from(clean.querySelectorAll('style'))) {
    styleTexts.push(style.textContent ?? '')
    style.remove()
  }
  const inert = clean.ownerDocument
  const body = bodyOf(clean, inert)
  const quotes = quotesOf(body) as HTMLElement[]
  const tidier = new Tidier(options)
  const all = Array.from(body.querySelectorAll('*'))
  for (const element of all.slice(ELEMENTS_MAX)) element.remove()
  const known = new Set(TAGS)
  for (const element of [body, ...all.slice(0, ELEMENTS_MAX)]) {
    if (!known.has(element.localName) || element.namespaceURI !== 'http://www.w3.org/1999/xhtml') element.remove()
    else tidier.element(element as HTMLElement)
  }
  return { body, styles: tidier.styles(styleTexts), waiting: tidier.waiting, trackers: tidier.trackers, quotes, isCut: html.length > HTML_MAX || all.length > ELEMENTS_MAX }
}
