// Where the console is: the path as a signal, parsed once into a route. History API only; links are real links.
import { batch, computed, signal } from '@preact/signals'

export const BASE = '/app'

export type Route =
  | { page: 'inbox'; view: string; conversation: string | null }
  | { page: 'contacts'; contact: string | null }
  | { page: 'settings'; section: string; item: string | null }
  | { page: 'guide' }
  | { page: 'capture' }
  | { page: 'calls' }
  | { page: 'search' }
  | { page: 'link'; token: string }

export function parseRoute(path: string): Route {
  const parts = path.replace(/^\/app\/?/, '').split('/').filter(Boolean).map(decodeURIComponent)
  const [first, second, third] = parts
  switch (first) {
    case 'contacts':
      return { page: 'contacts', contact: second ?? null }
    case 'settings':
      return { page: 'settings', section: second ?? 'profile', item: third ?? null }
    case 'guide':
      return { page: 'guide' }
    case 'calls':
      return { page: 'calls' }
    case 'search':
      return { page: 'search' }
    case 'capture':
      return { page: 'capture' }
    case 'link':
      return { page: 'link', token: second ?? '' }
    default:
      return { page: 'inbox', view: (first === 'inbox' && second) || 'all', conversation: (first === 'inbox' && third) || null }
  }
}

export const path = signal(location.pathname)
/** What narrows a page: "?outcome=missed", or "". */
export const search = signal(location.search)
export const route = computed(() => parseRoute(path.value))
/** The same without what changes within a page: what reads only this is not drawn anew for each conversation. */
export const page = computed(() => route.value.page)
export const openConversationId = computed(() => (route.value.page === 'inbox' ? route.value.conversation : null))

export function go(to: string): void {
  const target = BASE + to
  if (target === path.peek() + search.peek()) return
  settlePath()
  history.pushState(null, '', target)
  follow(target)
}

function follow(target: string): void {
  const at = target.indexOf('?')
  batch(() => {
    path.value = at < 0 ? target : target.slice(0, at)
    search.value = at < 0 ? '' : target.slice(at)
  })
}

/** The page is the same, only narrowed: no step of its own in the history. */
export function setSearch(to: string): void {
  if (to === search.peek()) return
  settlePath()
  history.replaceState(null, '', path.peek() + to)
  search.value = to
}

/** One step of many: the path changes, the address bar follows with `settlePath` (browsers allow only so many changes of it). */
export function walk(to: string): void {
  follow(BASE + to)
}
export function settlePath(): void {
  if (path.peek() !== location.pathname) history.replaceState(null, '', path.peek() + search.peek())
}

export const inboxPath = (view: string, conversation?: string | null): string =>
  `/inbox/${encodeURIComponent(view)}${conversation ? '/' + conversation : ''}`

export function startRouter(): void {
  addEventListener('popstate', () => {
    follow(location.pathname + location.search)
  })
  document.addEventListener('click', (event) => {
    if (event.defaultPrevented || event.button !== 0 || event.metaKey || event.ctrlKey || event.shiftKey || event.altKey) return
    const link = (event.target as Element).closest?.('a[href]') as HTMLAnchorElement | null
    if (!link || link.target || link.hasAttribute('download') || link.origin !== location.origin) return
    if (!link.pathname.startsWith(BASE + '/')) return
    event.preventDefault()
    go(link.pathname.slice(BASE.length) + link.search)
  })
}
