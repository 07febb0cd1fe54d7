// Start of the frame. Three ways in: embedded by the loader (/widget/frame?key=…&origin=…), as a page of
// its own (/widget/link/{key}), and as the console's live preview (/widget/frame?preview=1).
import { effect } from '@preact/signals'
import { render } from 'preact'
import type { Sealed, ToFrame, ToLoader } from '../protocol'
import { App } from './app'
import * as chat from './chat'
import { useOutside } from './memory'
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
  void chat.start({ key: decodeURIComponent(linkKey), locale: wantedLocale, tell: () => {}, identity: null })
} else if (parent !== window) {
  startEmbedded(query.get('key') ?? '', query.get('origin') ?? '')
}

/** The loader's page is trusted as far as its origin goes, which frame-ancestors has admitted. */
function startEmbedded(key: string, origin: string): void {
  const tell = (message: ToLoader) => parent.postMessage({ ...message, seva: 1 } satisfies Sealed<ToLoader>, origin)
  let isStarted = false
  const hear = (message: ToFrame) => {
    if (message.type === 'hello') {
      if (isStarted) return
      isStarted = true
      useOutside(message.items, (name, value) => tell({ type: 'keep', name, value }))
      void chat.start({ key, locale: wantedLocale, tell, identity: message.identity })
    } else if (message.type === 'identify') chat.identify(message.identity)
    else if (message.type === 'reset') chat.reset()
    else if (message.type === 'page') chat.notePage(message.page)
    else {
      if (message.type === 'open') chat.notePage(message.page)
      isOpen.value = message.type === 'open'
      chat.noteRead()
    }
  }
  addEventListener('message', (event: MessageEvent) => {
    const message = event.data as Sealed<ToFrame> | null
    if (event.source === parent && event.origin === origin && message?.seva === 1) hear(message)
  })
  chat.listen()
  render(<App onClose={() => tell({ type: 'close' })} />, place)
  tell({ type: 'ready' })
}
