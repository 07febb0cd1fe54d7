// Server-sent events over fetch (the token goes in a header, never in a URL): the line parser of the
// WHATWG "Server-sent events" format, and a connection that comes back with jitter. Comments count as
// signs of life; silence for longer than three of the server's 15 s comments ends a connection.
import { bearer } from './api'

export interface ServerEvent {
  id: string | null
  type: string
  data: string
}

/** Push parser: give it text in any pieces, it calls back with whole events. */
export function makeParser(onEvent: (event: ServerEvent) => void): (piece: string) => void {
  let rest = ''
  let id: string | null = null
  let type = ''
  let data: string[] = []
  const take = (line: string) => {
    if (line === '') {
      if (data.length || type) onEvent({ id, type: type || 'message', data: data.join('\n') })
      id = null
      type = ''
      data = []
      return
    }
    const colon = line.indexOf(':')
    if (colon === 0) return
    const name = colon < 0 ? line : line.slice(0, colon)
    const value = colon < 0 ? '' : line.slice(colon + 1).replace(/^ /, '')
    if (name === 'data') data.push(value)
    else if (name === 'event') type = value
    else if (name === 'id') id = value
  }
  return (piece) => {
    const lines = (rest + piece).split(/\r\n|\n|\r(?!$)/)
    rest = lines.pop() as string
    for (const line of lines) take(line)
  }
}

/** Wait before attempt n (0, 1, …): doubles from half a second to 30 s, half of it random. */
export function backoffMs(attempt: number, random = Math.random()): number {
  const full = Math.min(30_000, 500 * 2 ** attempt)
  return Math.round(full / 2 + (random * full) / 2)
}

const SILENCE_MS = 50_000

export interface StreamOptions {
  lastId: () => string | null
  onEvent: (event: ServerEvent) => void
  onState: (isConnected: boolean) => void
  /** The server refused the token. */
  onRefused: () => void
  signal: AbortSignal
}

/** Keeps a stream until the signal aborts. */
export async function runStream(options: StreamOptions): Promise<void> {
  let attempt = 0
  while (!options.signal.aborted) {
    let isCalled = false
    try {
      await readOnce(options, () => (attempt = 0), () => (isCalled = true))
    } catch (error) {
      if (error === 'refused') return options.onRefused()
    }
    if (options.signal.aborted) return
    options.onState(false)
    // A draining server asks everybody at once: spread over two seconds.
    await pause(isCalled ? Math.random() * 2000 : backoffMs(attempt++), options.signal)
  }
}

async function readOnce(options: StreamOptions, onAlive: () => void, onReconnect: () => void): Promise<void> {
  const stop = new AbortController()
  const abort = () => stop.abort()
  options.signal.addEventListener('abort', abort)
  let timer = setTimeout(abort, SILENCE_MS)
  try {
    const lastId = options.lastId()
    const response = await fetch('/widget/v1/stream', {
      headers: { ...bearer(), Accept: 'text/event-stream', ...(lastId ? { 'Last-Event-ID': lastId } : {}) },
      signal: stop.signal,
      credentials: 'omit',
      cache: 'no-store',
    })
    if (response.status === 401 || response.status === 403) throw 'refused'
    if (!response.ok || !response.body) throw response.status
    options.onState(true)
    const reader = response.body.getReader()
    const decoder = new TextDecoder()
    const push = makeParser((event) => {
      if (event.type === 'reconnect') {
        onReconnect()
        abort()
      } else options.onEvent(event)
    })
    for (;;) {
      const { done, value } = await reader.read()
      if (done) return
      onAlive()
      clearTimeout(timer)
      timer = setTimeout(abort, SILENCE_MS)
      push(decoder.decode(value, { stream: true }))
    }
  } finally {
    clearTimeout(timer)
    options.signal.removeEventListener('abort', abort)
  }
}

/** Ends early when the signal aborts or the browser says the connection is back. */
export function pause(ms: number, signal?: AbortSignal): Promise<void> {
  return new Promise((resolve) => {
    const end = () => {
      clearTimeout(timer)
      removeEventListener('online', end)
      signal?.removeEventListener('abort', end)
      resolve()
    }
    const timer = setTimeout(end, ms)
    addEventListener('online', end)
    signal?.addEventListener('abort', end)
  })
}
