// Where the console is: the path as a signal, parsed once into a route. History API only; links are real links.
import { computed, signal } from '@preact/signals'

export const BASE = '/app'

export type Route =
  | { page: 'inbox'; view: string; conversation: string | null }
  | { page: 'contacts'; contact: string | null }
  | { page: 'settings'; section: string; item: string | null }
  | { page: 'guide' }
  | { page: 'capture' }
  | { page: 'calls' }
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
    case 'capture':
      return { page: 'capture' }
    case 'link':
      return { page: 'link', token: second ?? '' }
    default:
      return { page: 'inbox', view: (first === 'inbox' && second) || 'all', conversation: (first === 'inbox' && third) || null }
  }
}

export const path = signal(location.pathname)
export const route = computed(() => parseRoute(path.value))
/** The same without what changes within a page: what reads only this is not drawn anew for each conversation. */
export const page = computed(() => route.value.page)
export const openConversationId = computed(() => (route.value.page === 'inbox' ? route.value.conversation : null))

export function go(to: string): void {
  const target = BASE + to
  if (target === path.peek()) return
  settlePath()
  history.pushState(null, '', target)
  path.value = target
}

/** One step of many: the path changes, the address bar follows with `settlePath` (browsers allow only so many changes of it). */
export function walk(to: string): void {
  path.value = BASE + to
}
export function settlePath(): void {
  if (path.peek() !== location.pathname) history.replaceState(null, '', path.peek())
}

export const inboxPath = (view: string, conversation?: string | null): string =>
  `/inbox/${encodeURIComponent(view)}${conversation ? '/' + conversation : ''}`

export function startRouter(): void {
  addEventListener('popstate', () => {
    path.value = location.pathname
  })
  document.addEventListener('click', (event) => {
    if (event.defaultPrevented || event.button !== 0 || event.metaKey || event.ctrlKey || event.shiftKey || event.altKey) return
    const link = (event.target as Element).closest?.('a[href]') as HTMLAnchorElement | null
    if (!link || link.target || link.hasAttribute('download') || link.origin !== location.origin) return
    if (!link.pathname.startsWith(BASE + '/')) return
    event.preventDefault()
    go(link.pathname.slice(BASE.length))
  })
}
