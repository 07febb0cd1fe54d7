// HTML of somewhere else (the clipboard, a draft, a signature) for the rich field: DOMPurify takes out what is active, rich_text.ts writes what is on
// the small list. Loaded when first needed. Foreign markup is read by the parser of an empty sheet (see frame.tsx), hidden in the page: read by the
// console's own, its styles and handlers would each be reported as breaking the console's policy.
import createDOMPurify, { type Config, type DOMPurify, type WindowLike } from 'dompurify'
import { BASE } from '../lib/router'
import { htmlOf } from './rich_text'

const HTML_MAX = 500_000
const TAGS = [
  'a', 'article', 'b', 'blockquote', 'body', 'br', 'center', 'code', 'dd', 'del', 'div', 'dl', 'dt', 'em', 'figure', 'footer', 'h1', 'h2', 'h3', 'h4', 'h5', 'h6', 'header', 'i', 'img', 'li', 'main', 'nav', 'ol', 'p',
  'pre', 's', 'section', 'span', 'strike', 'strong', 'table', 'tbody', 'td', 'tfoot', 'th', 'thead', 'tr', 'tt', 'u', 'ul',
]
const CONFIG: Config = { ALLOWED_TAGS: TAGS, ALLOWED_ATTR: ['alt', 'href', 'src'], ALLOW_DATA_ATTR: false, ALLOW_ARIA_ATTR: false, RETURN_DOM: true }

const purify = createDOMPurify(window)

let room: Promise<DOMPurify> | null = null
/** A sanitiser of a window that runs, fetches and shows nothing. */
function cleanRoom(): Promise<DOMPurify> {
  room ??= new Promise((resolve, reject) => {
    const frame = document.createElement('iframe')
    frame.sandbox.add('allow-same-origin')
    frame.hidden = true
    frame.tabIndex = -1
    frame.addEventListener('load', () => {
      const inside = frame.contentDocument?.location.pathname.endsWith('/mail_sheet.html') ? frame.contentWindow : null
      if (inside) return resolve(createDOMPurify(inside as unknown as WindowLike))
      frame.remove()
      room = null
      reject(new Error('the sheet could not be loaded'))
    })
    frame.src = `${BASE}/mail_sheet.html`
    document.body.append(frame)
  })
  return room
}

/** On the small list, as text. */
export async function cleanHtml(html: string): Promise<string> {
  // Nothing comes back where there was no body (a frameset).
  const body = (await cleanRoom()).sanitize(html.slice(0, HTML_MAX), CONFIG) as unknown as HTMLElement | null
  return body ? htmlOf(body) : ''
}

/** For a field or a preview: pictures by Content-Id get the address they have here, and keep the id that goes out. */
export async function fragmentOf(html: string, pictures: ReadonlyMap<string, string>): Promise<DocumentFragment> {
  const body = purify.sanitize(await cleanHtml(html), CONFIG) as unknown as HTMLElement | null
  const fragment = document.createDocumentFragment()
  if (!body) return fragment
  for (const image of Array.from(body.querySelectorAll('img'))) {
    const id = (image.getAttribute('src') ?? '').replace(/^cid:/i, '')
    const address = pictures.get(id)
    image.setAttribute('data-cid', id)
    if (address) image.setAttribute('src', address)
    else image.removeAttribute('src')
  }
  fragment.append(...Array.from(body.childNodes))
  return fragment
}

/** For the editing command, which takes text only when it is known to be clean: what `cleanHtml` or this console wrote. */
export function trustedHtml(html: string): string {
  return purify.sanitize(html, { ...CONFIG, RETURN_DOM: false, RETURN_TRUSTED_TYPE: true }) as unknown as string
}
