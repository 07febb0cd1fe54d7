// The HTML of a mail on a sheet of its own: an iframe that runs nothing. From outside to inside, and each alone would do:
//   1. The sandbox has no allow-scripts, allow-forms, allow-top-navigation or allow-modals: no script of whatever disguise, no form, no way out.
//      allow-popups with allow-popups-to-escape-sandbox lets a link open as an ordinary tab; it is given rel="noopener noreferrer".
//   2. The sheet is a page of the server (public/mail_sheet.html) with a policy of its own, said by the server (src/api/static.c) and by the page:
//      default-src 'none', styles of its own, pictures of this server and data: ones. Those of other sites come through this server
//      (src/api/mail_picture.c), so that no request ever leaves for anywhere else. A srcdoc would
//      inherit the console's policy, which forbids the mail's styles; loosening that one for the sake of mails is what this avoids.
//   3. tidy.ts hands over elements of an allow-list.
// Why allow-same-origin stands beside it. Without it nobody outside could lay the elements in (they would have to go through text, where mutation
// tricks live), know the height, fold the quote or say where a link leads, and attachments, which need the agent's cookie, would not load. What it gives
// to the mail: an origin that only a script could use, and none can run; requests for pictures with the agent's cookie, which tidy.ts allows
// to attachments and to the mail's own pictures alone. The dangerous pair is allow-same-origin with allow-scripts, and that never stands here.
// Browsers that run no listeners in such a frame (Safari) still have the links' titles.
import { useEffect, useRef } from 'preact/hooks'
import { BASE } from '../lib/router'
import { loadPictures } from './pictures'
import { holdPage, SHEET_STYLE } from './sheet'
import type { Mail } from './types'

/** Above the first a mail is shown at the second until somebody wants all of it. */
const TALL_PX = 640
const FOLDED_PX = 460
/** Beyond this it scrolls in its own frame. */
const HEIGHT_MAX_PX = 30_000
const SIDEWAYS_BAR_PX = 16

/** What turned out once the mail was laid out. */
export interface Laid {
  waiting: number
  trackers: number
  hasQuotes: boolean
  isCut: boolean
}
interface FrameProps {
  /** of the message */
  id: string
  mail: Mail
  /** for screen readers: whose mail */
  label: string
  hasPictures: boolean
  areQuotesShown: boolean
  isWhole: boolean
  onLaid: (laid: Laid) => void
  onTall: (isTall: boolean) => void
  /** where the link leads that is pointed at or has the focus; "" for none */
  onLink: (shown: string) => void
  onFail: () => void
}

/** A sheet with a mail on it; `end` takes the listeners off. */
interface Sheet { quotes: readonly HTMLElement[]; fit: (isWhole: boolean) => void; end: () => void }

const linkOf = (event: Event): string => {
  const target = event.target as Partial<Element> | null
  return target?.closest?.('a[href]')?.getAttribute('title') ?? ''
}

/** Keys pressed on the sheet are the console's, as everywhere else: the frame must not swallow them. */
function passKeys(frame: HTMLIFrameElement, event: KeyboardEvent): void {
  if (event.key === 'Tab' || ((event.key === 'Enter' || event.key === ' ') && linkOf(event))) return
  const { key, code, ctrlKey, metaKey, shiftKey, altKey, repeat } = event
  const isFree = frame.dispatchEvent(new KeyboardEvent('keydown', { key, code, ctrlKey, metaKey, shiftKey, altKey, repeat, bubbles: true, cancelable: true }))
  if (!isFree) event.preventDefault()
}

function heightOf(document: Document, body: HTMLElement): number {
  const isWide = document.documentElement.scrollWidth > document.documentElement.clientWidth
  return Math.min(HEIGHT_MAX_PX, Math.ceil(body.getBoundingClientRect().height) + (isWide ? SIDEWAYS_BAR_PX : 0))
}

async function layOut(frame: HTMLIFrameElement, props: FrameProps): Promise<Sheet | null> {
  const { tidy } = await import('./tidy')
  const document = frame.contentDocument
  const window = frame.contentWindow as (Window & typeof globalThis) | null
  if (!document || !window || !frame.isConnected) return null
  const page = document.body
  const { body, styles, quotes, ...found } = tidy(props.mail.html, window, { message: props.id, inline: props.mail.inline, hasPictures: props.hasPictures })
  const style = document.createElement('style')
  style.textContent = SHEET_STYLE + styles
  document.head.append(style)
  body.setAttribute('data-seva-body', '')
  if (!body.dir) body.dir = 'auto'
  page.replaceChildren(document.adoptNode(body))
  holdPage(document, body)

  let isWhole = props.isWhole
  const fit = (): void => {
    const height = heightOf(document, body)
    const isTall = height > TALL_PX
    frame.style.blockSize = `${isTall && !isWhole ? FOLDED_PX : height}px`
    document.documentElement.style.setProperty('overflow-y', height >= HEIGHT_MAX_PX ? 'auto' : 'hidden', 'important')
    props.onTall(isTall)
  }
  const endPictures = loadPictures(body)
  const observer = new ResizeObserver(fit)
  observer.observe(body)
  // A picture that arrives; such events do not rise but are caught on their way down.
  document.addEventListener('load', fit, true)
  for (const name of ['mouseover', 'focusin']) document.addEventListener(name, (event) => props.onLink(linkOf(event)))
  for (const name of ['mouseleave', 'focusout']) document.addEventListener(name, () => props.onLink(''))
  document.addEventListener('keydown', (event) => passKeys(frame, event))
  props.onLaid({ waiting: found.waiting, trackers: found.trackers, hasQuotes: quotes.length > 0, isCut: found.isCut })
  return {
    quotes,
    fit(whole) {
      isWhole = whole
      fit()
    },
    end() {
      endPictures()
      observer.disconnect()
    },
  }
}

export function MailFrame(props: FrameProps) {
  const { mail, label, hasPictures, areQuotesShown, isWhole } = props
  const ref = useRef<HTMLIFrameElement>(null)
  const sheet = useRef<Sheet | null>(null)
  const latest = useRef(props)
  latest.current = props
  const show = (): void => {
    for (const quote of sheet.current?.quotes ?? []) quote.setAttribute('data-seva-quote', latest.current.areQuotesShown ? 'shown' : 'folded')
    sheet.current?.fit(latest.current.isWhole)
  }
  useEffect(show, [areQuotesShown, isWhole])
  useEffect(() => () => sheet.current?.end(), [])
  const begin = (): void => {
    sheet.current?.end()
    sheet.current = null
    const frame = ref.current
    if (!frame) return
    layOut(frame, latest.current).then((made) => {
      sheet.current = made
      show()
    }, latest.current.onFail)
  }
  return (
    <iframe
      // Another mail is another page, and so is one whose pictures come.
      key={`${mail.message_id}${String(hasPictures)}`}
      ref={ref}
      class="mail-frame"
      title={label}
      sandbox="allow-same-origin allow-popups allow-popups-to-escape-sandbox"
      referrerpolicy="no-referrer"
      src={`${BASE}/mail_sheet.html`}
      onLoad={begin}
    />
  )
}
