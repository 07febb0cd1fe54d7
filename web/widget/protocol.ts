// What the loader (in the customer's page) and the frame (in ours) say to each other by postMessage.
// Every message carries `seva: 1`; both sides check the sender's window and origin first.

/** The launcher's looks: from /widget/v1/{key}/launcher.js, `Seva.configure` or data attributes. */
export interface Looks {
  color?: string
  position?: 'left' | 'right'
  launcher_text?: string
  theme?: 'auto' | 'light' | 'dark'
}

/** Who the visitor is, signed by the customer's server: hash = HMAC-SHA256(identity secret, id), hex. */
export interface Identity {
  id: string
  name?: string
  email?: string
  phone?: string
  hash: string
}

export interface Page {
  url: string
  title: string
  referrer: string
}

export type ToFrame =
  /** First answer to "ready": who the visitor is, and what the frame had asked to keep. */
  | { type: 'hello'; identity: Identity | null; items: Record<string, string> }
  | { type: 'open'; page: Page }
  | { type: 'close' }
  | { type: 'identify'; identity: Identity }
  | { type: 'reset' }
  | { type: 'page'; page: Page }

export type ToLoader =
  | { type: 'ready' }
  | { type: 'close' }
  | { type: 'unread'; count: number }
  | { type: 'started' }
  | { type: 'ended' }
  /** The browser refuses the frame its own storage (third-party storage blocked): keep this for it. */
  | { type: 'keep'; name: string; value: string | null }

export type Sealed<T> = T & { seva: 1 }
