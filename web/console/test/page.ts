// What a page has for the modules under test: an address, storage, and a server whose answers come when the test says so, in any order.
// Import it before them.
import assert from 'node:assert/strict'

interface Asked { method: string; path: string; body: unknown; settle: (response: Response) => void; lose: (why: Error) => void }
const waiting: Asked[] = []

const stored = new Map<string, string>()

/** Tells the others of its name at once; the one of Node keeps the program from ending. */
class Tabs {
  static readonly open: Tabs[] = []
  onmessage: ((event: { data: unknown }) => void) | null = null
  readonly name: string
  constructor(name: string) {
    this.name = name
    Tabs.open.push(this)
  }
  postMessage(data: unknown): void {
    for (const one of Tabs.open) if (one !== this && one.name === this.name) one.onmessage?.({ data: structuredClone(data) })
  }
}
const page = {
  location: { pathname: '/app/inbox/all', origin: 'http://seva.test', search: '' },
  history: { pushState: () => undefined, replaceState: () => undefined },
  localStorage: {
    getItem: (key: string) => stored.get(key) ?? null,
    setItem: (key: string, value: string) => void stored.set(key, value),
    removeItem: (key: string) => void stored.delete(key),
    key: (at: number) => [...stored.keys()][at] ?? null,
    get length() {
      return stored.size
    },
  },
  BroadcastChannel: Tabs,
  document: { documentElement: { dataset: {} }, activeElement: null, visibilityState: 'visible', hasFocus: () => true, addEventListener: () => undefined },
  addEventListener: () => undefined,
  removeEventListener: () => undefined,
  matchMedia: () => ({ matches: false, addEventListener: () => undefined }),
  innerWidth: 1440,
  navigator: { onLine: true, languages: ['en'] },
  fetch: (address: string, options: { method?: string; body?: string } = {}) =>
    new Promise<Response>((settle, lose) => void waiting.push({ method: options.method ?? 'GET', path: address.replace('/api/v1', ''), body: options.body ? JSON.parse(options.body) : undefined, settle, lose })),
}
for (const [name, value] of Object.entries(page)) Object.defineProperty(globalThis, name, { value, configurable: true, writable: true })

/** Lets everything run that waits for nothing but what was just answered. */
export const settled = (): Promise<void> => new Promise((resolve) => setImmediate(resolve))

/** What was asked and not answered yet, in the order asked: "GET /agents". */
export const asked = (): string[] => waiting.map((one) => `${one.method} ${one.path}`)

/** The oldest open question that begins with `what`, as a handle: answered later, refused, or lost on its way. */
export function question(what: string): { body: unknown; answer: (value: unknown) => Promise<void>; refuse: (status: number, code?: string) => Promise<void>; lose: () => Promise<void> } {
  const at = waiting.findIndex((one) => `${one.method} ${one.path}`.startsWith(what))
  assert.ok(at >= 0, `${what} was not asked, but ${asked().join(', ')}`)
  const [one] = waiting.splice(at, 1) as [Asked]
  const reply = (status: number, value: unknown): Promise<void> => {
    one.settle(new Response(value === undefined ? null : JSON.stringify(value), { status }))
    return settled()
  }
  const lose = (): Promise<void> => {
    one.lose(new TypeError('the network is gone'))
    return settled()
  }
  return { body: one.body, answer: (value) => reply(value === undefined ? 204 : 200, value), refuse: (status, code = 'invalid') => reply(status, { error: { code, message: code } }), lose }
}

/** Everything that is still open comes to an end: lists are empty, the rest is refused. */
export async function answerRest(): Promise<void> {
  for (let next = asked()[0]; next; next = asked()[0]) await (/^GET \/(agents|teams|tags|views|channels|notifications)/.test(next) ? question('').answer({ items: [], next: null }) : question('').refuse(422))
}

/** Runs `work` with timers that wait for `pass`, and gives the clock back after it. */
export async function withTimers(work: (pass: () => void) => void | Promise<void>): Promise<void> {
  const real = globalThis.setTimeout
  const due = new Map<number, () => void>()
  let last = 0
  const set = (call: () => void): number => {
    due.set(++last, call)
    return last
  }
  Object.assign(globalThis, { setTimeout: set })
  const clear = globalThis.clearTimeout
  Object.assign(globalThis, { clearTimeout: (id: number) => void due.delete(id) })
  const pass = (): void => {
    const now = [...due.values()]
    due.clear()
    for (const call of now) call()
  }
  try {
    await work(pass)
  } finally {
    Object.assign(globalThis, { setTimeout: real, clearTimeout: clear })
  }
}
