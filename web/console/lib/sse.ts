// Server-sent events read from a fetch body: the text parser, and a loop that reconnects with Last-Event-ID and jitter.
// Fetch instead of EventSource because the status code decides what to do next and the resume id must survive a restart of the loop.
import type { LiveEvent } from './types'

export interface SseEvent { id: string | null; event: string; data: string }

/** Push parser of text/event-stream. Feed any slices; whole events come out. */
export class SseParser {
  private rest = ''
  private data: string[] = []
  private event = ''
  private id: string | null = null
  push(text: string): SseEvent[] {
    const found: SseEvent[] = []
    const lines = (this.rest + text).split(/\r\n|\n|\r(?!$)/)
    this.rest = lines.pop() ?? ''
    for (const line of lines) {
      if (line === '') {
        if (this.data.length) found.push({ id: this.id, event: this.event || 'message', data: this.data.join('\n') })
        this.data = []
        this.event = ''
        this.id = null
        continue
      }
      const colon = line.indexOf(':')
      if (colon === 0) continue
      const field = colon < 0 ? line : line.slice(0, colon)
      const value = colon < 0 ? '' : line.slice(colon + 1).replace(/^ /, '')
      if (field === 'data') this.data.push(value)
      else if (field === 'event') this.event = value
      else if (field === 'id') this.id = value
    }
    return found
  }
}

export type StreamState = 'connecting' | 'live' | 'offline' | 'refused'
export interface StreamHandlers { onEvent(event: LiveEvent): void; onState(state: StreamState): void }

const SILENCE_MS = 60_000
const FIRST_WAIT_MS = 500
const MAX_WAIT_MS = 15_000

export class LiveStream {
  private lastId: string | null = null
  /** Null: stopped. A loop whose run this is no more has ended, whatever it still hears. */
  private run: symbol | null = null
  private abort: AbortController | null = null
  private wake: (() => void) | null = null
  private isResumed = false
  private readonly url: string
  private readonly handlers: StreamHandlers
  constructor(url: string, handlers: StreamHandlers) {
    this.url = url
    this.handlers = handlers
  }

  start(): void {
    if (this.run) return
    this.run = Symbol()
    void this.loop(this.run)
  }
  stop(): void {
    this.run = null
    this.lastId = null
    this.abort?.abort()
    this.wake?.()
  }
  /** Tries again at once, for example when the browser says that the network is back. */
  nudge(): void {
    this.wake?.()
  }

  private async loop(run: symbol): Promise<void> {
    let failures = 0
    while (this.run === run) {
      this.handlers.onState('connecting')
      const outcome = await this.once(run)
      if (this.run !== run) return
      if (outcome === 'refused') {
        this.run = null
        this.handlers.onState('refused')
        return
      }
      failures = outcome === 'ended' ? 0 : failures + 1
      if (failures > 1) this.handlers.onState('offline')
      const wait = Math.min(MAX_WAIT_MS, FIRST_WAIT_MS * 2 ** Math.min(failures, 6)) * (0.5 + Math.random())
      await new Promise<void>((resolve) => {
        const timer = setTimeout(resolve, wait)
        this.wake = () => {
          clearTimeout(timer)
          resolve()
        }
      })
      this.wake = null
    }
  }

  private async once(run: symbol): Promise<'ended' | 'failed' | 'refused'> {
    const abort = new AbortController()
    this.abort = abort
    let watchdog = setTimeout(() => abort.abort(), SILENCE_MS)
    let isLive = false
    try {
      const headers: Record<string, string> = { Accept: 'text/event-stream' }
      this.isResumed = this.lastId !== null
      if (this.lastId) headers['Last-Event-ID'] = this.lastId
      const response = await fetch(this.url, { headers, credentials: 'same-origin', cache: 'no-store', signal: abort.signal })
      if (this.run !== run) return 'ended'
      if (response.status === 401 || response.status === 403) return 'refused'
      if (!response.ok || !response.body) return 'failed'
      isLive = true
      this.handlers.onState('live')
      const reader = response.body.getReader()
      const decoder = new TextDecoder()
      const parser = new SseParser()
      for (;;) {
        const { done, value } = await reader.read()
        if (done || this.run !== run) return 'ended'
        clearTimeout(watchdog)
        watchdog = setTimeout(() => abort.abort(), SILENCE_MS)
        for (const event of parser.push(decoder.decode(value, { stream: true }))) this.deliver(event)
      }
    } catch {
      return isLive ? 'ended' : 'failed'
    } finally {
      clearTimeout(watchdog)
      abort.abort()
    }
  }

  private deliver(event: SseEvent): void {
    if (event.id) this.lastId = event.id
    let body: Partial<LiveEvent> = {}
    try {
      body = JSON.parse(event.data) as Partial<LiveEvent>
    } catch {
      return
    }
    if (event.event === 'reset' && !event.id) this.lastId = null
    const data = { ...(body.data ?? (body as Record<string, unknown>)) }
    if (event.event === 'hello') data['resumed'] = this.isResumed
    const out: LiveEvent = { type: body.type ?? event.event, data }
    if (event.event === 'hello' && !this.lastId && typeof data['last_event_id'] === 'string') this.lastId = data['last_event_id']
    if (body.subject) out.subject = body.subject
    if (body.at) out.at = body.at
    if (event.id) out.id = event.id
    this.handlers.onEvent(out)
  }
}
