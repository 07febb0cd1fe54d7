// Start of the frame. Three ways in: embedded by the loader (/widget/frame?key=…&origin=…), as a page of
// its own (/widget/link/{key}), and as the console's live preview (/widget/frame?preview=1).
import { effect } from '@preact/signals'
import { render } from 'preact'
import type { Identity, Sealed, ToFrame, ToLoader } from '../protocol'
import { App } from './app'
import * as chat from './chat'
import { config, isOpen, isPage } from './state'
import { applyTheme } from './theme'
import './style.css'

const query = new URLSearchParams(location.search)
const wantedLocale = query.get('locale') ?? navigator.language
const place = document.getElementById('app') as HTMLElement
const linkKey = /^\/widget\/link\/([^/]+)/.exec(location.pathname)?.[1]

effect(() => applyTheme(config.value?.settings ?? {}, query.get('theme')))

if (query.has('preview')) {
  void import('./preview').then(({ startPreview }) => startPreview(place, wantedLocale))
} else if (linkKey !== undefined) {
  isPage.value = true
  isOpen.value = true
  document.documentElement.classList.add('is-page')
  chat.listen()
  chat.notePage({ url: location.href, title: document.title, referrer: document.referrer })
  render(<App onClose={() => {}} />, place)
  void chat.start({ key: decodeURIComponent(linkKey), locale: wantedLocale, tell: () => {}, identity: Promise.resolve(null) })
} else if (parent !== window) {
  startEmbedded(query.get('key') ?? '', query.get('origin') ?? '')
}

/** The loader's page is trusted as far as its origin goes, which frame-ancestors has admitted. */
function startEmbedded(key: string, origin: string): void {
  const tell = (message: ToLoader) => parent.postMessage({ ...message, seva: 1 } satisfies Sealed<ToLoader>, origin)
  let settle: (identity: Identity | null) => void = () => {}
  const first = new Promise<Identity | null>((resolve) => (settle = resolve))
  let isSettled = false
  addEventListener('message', (event: MessageEvent) => {
    const message = event.data as Sealed<ToFrame> | null
    if (event.source !== parent || event.origin !== origin || message?.seva !== 1) return
    if (message.type === 'identify') {
      if (isSettled) chat.identify(message.identity)
      else settle(message.identity)
    } else if (message.type === 'reset') chat.reset()
    else if (message.type === 'page') chat.notePage(message.page)
    else if (message.type === 'open') {
      chat.notePage(message.page)
      isOpen.value = true
    } else isOpen.value = false
    if (message.type === 'open' || message.type === 'close') chat.noteRead()
  })
  chat.listen()
  render(<App onClose={() => tell({ type: 'close' })} />, place)
  // The loader answers "ready" with what it knows, the identity first, in the same turn.
  setTimeout(() => settle(null), 100)
  void first.then(() => (isSettled = true))
  tell({ type: 'ready' })
  void chat.start({ key, locale: wantedLocale, tell, identity: first })
}
