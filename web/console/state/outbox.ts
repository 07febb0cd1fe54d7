// Messages on their way to the server: kept in the browser's storage until the server has answered, sent one after the other, so that a pulled
// plug loses none, doubles none (each has a UUID that the server knows again) and keeps their order. Pure logic over injected storage and transport.
import type { Finding, Visibility } from '../lib/network_types'
import type { Id } from '../lib/types'

/** review: somebody answered first; personal: it holds what should not stand in public. Both wait for the writer. */
export type OutboxState = 'waiting' | 'sending' | 'review' | 'personal' | 'refused'

export interface OutboxItem {
  client_id: string
  conversation_id: Id
  kind: 'reply' | 'note'
  text: string
  attachment_ids: Id[]
  mentions: Id[]
  seen_message_id: Id | null
  force: boolean
  then: 'resolve' | 'pending' | null
  /** Left out: as the conversation does by itself. */
  visibility?: Visibility
  reply_to_id?: Id
  /** See the server's connector/part.h. */
  parts?: Record<string, unknown>[]
  /** In a mailbox: what the mail is beside its text. */
  mail?: Record<string, unknown>
  /** Goes out then. */
  send_at?: string
  /** The warning about personal data was read. */
  confirm_public?: boolean
  findings?: Finding[]
  at: number
  state: OutboxState
  error: string | null
}

export type SendResult =
  | { kind: 'sent' }
  | { kind: 'later'; afterMs: number }
  | { kind: 'stale' }
  | { kind: 'personal'; findings: Finding[] }
  | { kind: 'refused'; error: string }

export interface OutboxHost {
  load(): string | null
  save(text: string): void
  send(item: OutboxItem): Promise<SendResult>
  /** Runs `work` while no other tab does the same; resolves without running it when another has the turn. */
  exclusively(work: () => Promise<void>): Promise<void>
  changed(items: readonly OutboxItem[]): void
  wait(ms: number): Promise<void>
}

export class Outbox {
  private items: OutboxItem[] = []
  private isPumping = false
  private isAskedAgain = false
  private readonly host: OutboxHost
  constructor(host: OutboxHost) {
    this.host = host
    this.reload()
  }

  get all(): readonly OutboxItem[] {
    return this.items
  }

  /** Reads what storage holds now: at start and when another tab changed it. */
  reload(): void {
    try {
      const parsed: unknown = JSON.parse(this.host.load() ?? '[]')
      this.items = Array.isArray(parsed) ? (parsed as OutboxItem[]) : []
    } catch {
      this.items = []
    }
    this.host.changed(this.items)
  }

  add(item: Omit<OutboxItem, 'state' | 'error'>): OutboxItem {
    this.reload()
    const whole: OutboxItem = { ...item, state: 'waiting', error: null }
    this.commit([...this.items, whole])
    return whole
  }
  change(clientId: string, change: Partial<OutboxItem>): void {
    this.reload()
    this.commit(this.items.map((item) => (item.client_id === clientId ? { ...item, ...change } : item)))
  }
  remove(clientId: string): void {
    this.reload()
    this.commit(this.items.filter((item) => item.client_id !== clientId))
  }
  clear(): void {
    this.commit([])
  }

  private commit(items: OutboxItem[]): void {
    this.items = items
    this.host.save(JSON.stringify(items))
    this.host.changed(items)
  }

  /** The next to go: the oldest whose conversation has nothing before it that waits for a person. */
  static next(items: readonly OutboxItem[]): OutboxItem | null {
    const blocked = new Set<Id>()
    for (const item of items) {
      if (item.state === 'review' || item.state === 'personal' || item.state === 'refused') blocked.add(item.conversation_id)
      else if (!blocked.has(item.conversation_id)) return item
    }
    return null
  }

  /** Sends what can go until nothing is left or the network fails. Safe to call at any time and as often as one likes. */
  async pump(): Promise<void> {
    if (this.isPumping) {
      this.isAskedAgain = true
      return
    }
    this.isPumping = true
    try {
      do {
        this.isAskedAgain = false
        await this.host.exclusively(() => this.run())
      } while (this.isAskedAgain)
    } finally {
      this.isPumping = false
    }
  }

  private async run(): Promise<void> {
    for (;;) {
      this.reload()
      const item = Outbox.next(this.items)
      if (!item) return
      this.change(item.client_id, { state: 'sending' })
      const result = await this.host.send(item)
      switch (result.kind) {
        case 'sent':
          this.remove(item.client_id)
          break
        case 'stale':
          this.change(item.client_id, { state: 'review' })
          break
        case 'personal':
          this.change(item.client_id, { state: 'personal', findings: result.findings })
          break
        case 'refused':
          this.change(item.client_id, { state: 'refused', error: result.error })
          break
        case 'later':
          this.change(item.client_id, { state: 'waiting' })
          await this.host.wait(result.afterMs)
          break
      }
    }
  }
}
