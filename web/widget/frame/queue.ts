// Messages on their way out. Each has a UUID (client_id) that the server knows again, so that sending
// twice stores once; they leave one at a time in the order they were written. The list lives in
// storage that all tabs of this browser share, and is read again before every send.
import type { Attachment } from './types'

export interface Outgoing {
  client_id: string
  text: string
  attachments: Attachment[]
  at: number
  state: 'waiting' | 'sending' | 'failed'
}

export interface QueueStore {
  read: () => Outgoing[]
  write: (list: Outgoing[]) => void
}

export type Verdict = 'sent' | 'later' | 'refused'

export interface QueueOptions {
  store: QueueStore
  /** Sends one; never throws. */
  send: (message: Outgoing) => Promise<Verdict>
  /** Waits before the next try; attempt counts from 0. */
  wait: (attempt: number) => Promise<void>
  onChange: (list: Outgoing[]) => void
  /** Runs work while no other tab sends. */
  exclusively: (work: () => Promise<void>) => Promise<void>
}

export function makeQueue(options: QueueOptions) {
  const { store } = options
  let isRunning = false

  const change = (edit: (list: Outgoing[]) => Outgoing[]) => {
    const list = edit(store.read())
    store.write(list)
    options.onChange(list)
  }
  const mark = (id: string, state: Outgoing['state']) =>
    change((list) => list.map((item) => (item.client_id === id ? { ...item, state } : item)))

  const flush = async (): Promise<void> => {
    if (isRunning) return
    isRunning = true
    try {
      await options.exclusively(async () => {
        let attempt = 0
        for (;;) {
          const head = store.read().find((item) => item.state !== 'failed')
          if (!head) return
          mark(head.client_id, 'sending')
          const verdict = await options.send(head)
          if (verdict === 'sent') {
            attempt = 0
            change((list) => list.filter((item) => item.client_id !== head.client_id))
          } else if (verdict === 'refused') mark(head.client_id, 'failed')
          else {
            mark(head.client_id, 'waiting')
            await options.wait(attempt++)
          }
        }
      })
    } finally {
      isRunning = false
    }
    // Added while the lock was being given back.
    if (store.read().some((item) => item.state === 'waiting')) await flush()
  }

  return {
    flush,
    list: () => store.read(),
    /** Another tab changed the list. */
    refresh: () => options.onChange(store.read()),
    add(message: Omit<Outgoing, 'state'>) {
      change((list) => [...list, { ...message, state: 'waiting' }])
      void flush()
    },
    retry(id: string) {
      mark(id, 'waiting')
      void flush()
    },
    discard(id: string) {
      change((list) => list.filter((item) => item.client_id !== id))
    },
    clear() {
      change(() => [])
    },
  }
}
