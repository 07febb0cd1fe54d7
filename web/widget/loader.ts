// The loader: the only part of the widget that runs inside the customer's page. Shows the launcher
// in a closed shadow root, makes the chat's iframe when the visitor wants it (or when a chat begun
// earlier may have news), and offers window.Seva. Not here: anything about messages.
// Rules: at most 4 KB gzip; never throws into the page; asks of the page's CSP only script-src and
// frame-src for our origin (styles are constructed sheets and CSSOM, no fetch); no cookies, and nothing
// stored before the first message: then one word ("a chat was begun"), and what the frame asks to keep
// where the browser refuses it storage of its own.
import type { Identity, Looks, Page, Sealed, ToFrame, ToLoader } from './protocol'
import { readableOn } from './colour'
import css from './loader.css?inline'

declare const __LAUNCHER_WORDS__: Record<string, [open: string, close: string, unread: string, frame: string]>

type EventName = 'ready' | 'open' | 'close' | 'unread'
type Listener = (detail?: unknown) => void

const SVG = 'http://www.w3.org/2000/svg'
const CHAT = 'M12 3C6.5 3 2 6.8 2 11.5c0 2.4 1.2 4.6 3.1 6.1L4 21.5l4.6-2c1.1.3 2.2.5 3.4.5 5.5 0 10-3.8 10-8.5S17.5 3 12 3z'
const CROSS = 'M6 6l12 12M18 6L6 18'

function safely<A extends unknown[], R>(work: (...args: A) => R): (...args: A) => R | undefined {
  return (...args) => {
    try {
      return work(...args)
    } catch (error) {
      console.warn('Seva chat:', error)
      return undefined
    }
  }
}

function start(script: HTMLScriptElement): void {
  const data = script.dataset
  const key = data['channel'] ?? ''
  const origin = new URL(script.src).origin
  const doc = document
  const listeners: Partial<Record<EventName, Listener[]>> = {}
  const looks: Looks = {}
  let frame: HTMLIFrameElement | undefined
  let isReady = false
  let isOpen = false
  let unread = 0
  let waiting: ToFrame[] = []
  let identity: Identity | undefined

  const locale = (data['locale'] || doc.documentElement.lang || navigator.language || 'en').toLowerCase()
  const base = locale.split('-')[0] as string
  const words = __LAUNCHER_WORDS__[base] ?? (__LAUNCHER_WORDS__['en'] as [string, string, string, string])
  const isRtl = /^(ar|fa|he|ur)$/.test(base)

  // A page may hide, move or repaint every div: inline !important stands above all of its rules.
  const host = doc.createElement('div')
  const pin = (name: string, value: string) => host.style.setProperty(name, value, 'important')
  for (const rule of 'all:initial;display:block;position:fixed;inset:0 0 auto auto;width:0;height:0;z-index:2147483647;opacity:1;visibility:visible'.split(';')) {
    const [name, value] = rule.split(':') as [string, string]
    pin(name, value)
  }
  const root = host.attachShadow({ mode: 'closed' })
  const sheet = new CSSStyleSheet()
  sheet.replaceSync(css)
  root.adoptedStyleSheets = [sheet]

  const panel = doc.createElement('div')
  const button = doc.createElement('button')
  const label = doc.createElement('span')
  const badge = doc.createElement('span')
  const svg = doc.createElementNS(SVG, 'svg')
  const path = doc.createElementNS(SVG, 'path')
  panel.className = 'panel'
  panel.hidden = true
  button.type = 'button'
  button.className = 'launcher'
  label.className = 'label'
  label.dir = 'auto'
  badge.className = 'badge'
  svg.setAttribute('viewBox', '0 0 24 24')
  svg.setAttribute('aria-hidden', 'true')
  svg.append(path)
  button.append(svg, label, badge)
  root.append(panel, button)

  const emit = (name: EventName, detail?: unknown) => {
    for (const listener of listeners[name] ?? []) safely(listener)(detail)
  }
  const page = (): Page => ({ url: location.href, title: doc.title, referrer: doc.referrer })
  const tell = (message: ToFrame) => {
    if (isReady) frame?.contentWindow?.postMessage({ ...message, seva: 1 } satisfies Sealed<ToFrame>, origin)
    else waiting.push(message)
  }
  const begun = `seva-begun:${key}`
  const remember = (value: string | null, name = '') => {
    try {
      if (value === null) localStorage.removeItem(begun + name)
      else localStorage.setItem(begun + name, value)
    } catch {
      // The page has no storage: the chat then begins anew on the next page.
    }
  }
  const kept = () => {
    const items: Record<string, string> = {}
    safely(() => {
      for (const name of Object.keys(localStorage)) {
        if (name.startsWith(begun + '|')) items[name.slice(begun.length + 1)] = localStorage.getItem(name) as string
      }
    })()
    return items
  }

  const draw = () => {
    const color = /^#[0-9a-f]{6}$/i.test(looks.color ?? '') ? (looks.color as string) : '#1f6feb'
    host.dataset['side'] = looks.position === 'left' ? 'left' : 'right'
    root.host.classList.toggle('is-open', isOpen)
    host.dir = isRtl ? 'rtl' : 'ltr'
    pin('--accent', color)
    pin('--on', readableOn(color))
    label.textContent = isOpen ? '' : (looks.launcher_text ?? '')
    badge.textContent = !isOpen && unread ? (unread > 99 ? '99+' : new Intl.NumberFormat(base).format(unread)) : ''
    const name = isOpen ? words[1] : unread ? words[2].replace('%n', badge.textContent) : words[0]
    button.setAttribute('aria-label', !isOpen && looks.launcher_text ? `${looks.launcher_text}: ${name}` : name)
    button.setAttribute('aria-expanded', String(isOpen))
    path.setAttribute('d', isOpen ? CROSS : CHAT)
    svg.setAttribute('class', isOpen ? 'cross' : 'chat')
    panel.hidden = !isOpen
  }

  const load = () => {
    if (frame) return
    frame = doc.createElement('iframe')
    const query = new URLSearchParams({ key, origin: location.origin, locale })
    if (data['theme'] ?? looks.theme) query.set('theme', (data['theme'] ?? looks.theme) as string)
    frame.src = `${origin}/widget/frame?${query}`
    frame.title = words[3]
    frame.allow = 'clipboard-write'
    panel.append(frame)
  }
  const open = () => {
    if (isOpen) return
    load()
    isOpen = true
    draw()
    tell({ type: 'open', page: page() })
    frame?.focus()
    emit('open')
  }
  const close = () => {
    if (!isOpen) return
    isOpen = false
    draw()
    tell({ type: 'close' })
    button.focus()
    emit('close')
  }
  const toggle = () => (isOpen ? close() : open())

  const hear = (message: Sealed<ToLoader>) => {
    if (message.type === 'ready') {
      isReady = true
      tell({ type: 'hello', identity: identity ?? null, items: kept() })
      for (const held of waiting.splice(0)) tell(held)
      emit('ready')
    } else if (message.type === 'close') close()
    else if (message.type === 'started') remember('1')
    else if (message.type === 'ended') remember(null)
    else if (message.type === 'keep') remember(message.value, `|${message.name}`)
    else if (message.type === 'unread') {
      if (message.count === unread) return
      unread = message.count
      draw()
      emit('unread', unread)
    }
  }
  addEventListener('message', safely((event: MessageEvent) => {
    const message = event.data as Sealed<ToLoader> | null
    if (event.origin === origin && frame && event.source === frame.contentWindow && message?.seva === 1) hear(message)
  }))
  button.addEventListener('click', safely(toggle))
  root.addEventListener('keydown', safely((event: Event) => {
    if ((event as KeyboardEvent).key === 'Escape') close()
  }))

  const api = {
    open: safely(open),
    close: safely(close),
    toggle: safely(toggle),
    /** Says who the visitor is; the hash is made by the customer's server. */
    identify: safely((who: Identity) => {
      if (!who?.id || !who.hash) throw new Error('identify needs id and hash')
      const { name, email, phone, hash } = who
      identity = JSON.parse(JSON.stringify({ id: String(who.id), name, email, phone, hash })) as Identity
      if (isReady) tell({ type: 'identify', identity })
    }),
    /** Forgets the visitor (sign-out on the customer's site). */
    reset: safely(() => {
      identity = undefined
      unread = 0
      remember(null)
      if (frame) tell({ type: 'reset' })
      draw()
    }),
    /** Looks that differ on this page. */
    configure: safely((more: Looks) => {
      Object.assign(looks, more, own())
      draw()
    }),
    /** Listens; answers a function that stops listening. "unread" tells the present count at once. */
    on: safely((name: EventName, listener: Listener) => {
      const list = (listeners[name] ??= [])
      list.push(listener)
      if (name === 'unread' && unread) safely(listener)(unread)
      return () => void list.splice(list.indexOf(listener), 1)
    }),
  }
  // Data attributes of the page stand above the channel's settings.
  const own = (): Looks => {
    const mine: Looks = {}
    if (data['color']) mine.color = data['color']
    if (data['position'] === 'left' || data['position'] === 'right') mine.position = data['position']
    if (data['launcherText']) mine.launcher_text = data['launcherText']
    return mine
  }

  const early = (window as { Seva?: { q?: [keyof typeof api, ...unknown[]][] } }).Seva?.q ?? []
  Object.defineProperty(window, 'Seva', { value: Object.freeze(api), configurable: true })
  Object.assign(looks, own())
  draw()
  // documentElement, not body: single-page sites replace the body's children.
  doc.documentElement.append(host)
  for (const [name, ...args] of early) (api[name] as (...args: unknown[]) => void)?.(...args)

  const settings = doc.createElement('script')
  settings.async = true
  if (script.nonce) settings.nonce = script.nonce
  const address = `${origin}/widget/v1/${encodeURIComponent(key)}/launcher.js`
  const factory = (window as { trustedTypes?: { createPolicy(name: string, rules: object): { createScriptURL(url: string): string } } }).trustedTypes
  safely(() => {
    settings.src = factory ? factory.createPolicy('seva', { createScriptURL: (url: string) => url }).createScriptURL(address) : address
    doc.head.append(settings)
  })()

  // A chat was begun earlier: look for news once the page has settled.
  safely(() => {
    if (localStorage.getItem(begun)) (window.requestIdleCallback ?? setTimeout)(safely(load))
  })()
  let last = location.href
  setInterval(() => {
    if (last === location.href) return
    last = location.href
    if (isReady) tell({ type: 'page', page: page() })
  }, 2000)
}

const script = document.currentScript as HTMLScriptElement | null
if (script?.dataset['channel'] && !(window as { Seva?: { open?: unknown } }).Seva?.open) safely(start)(script)
