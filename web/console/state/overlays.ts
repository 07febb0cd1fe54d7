// Which layer lies over the page: one at a time, so that Escape and focus are never in doubt.
import { signal } from '@preact/signals'
import type { Id } from '../lib/types'

export type Overlay =
  | { kind: 'palette' }
  | { kind: 'sheet' }
  | { kind: 'notices' }
  | { kind: 'saveView' }
  | { kind: 'pick'; what: 'assign' | 'snooze' | 'tag' | 'priority' | 'resolve' | 'status'; ids: Id[] }
  | { kind: 'image'; url: string; name: string }
  | { kind: 'startConversation' }

export const overlay = signal<Overlay | null>(null)
export const closeOverlay = (): void => {
  overlay.value = null
}

/** Parts of the page that a command may put the focus into. */
export const focusRequest = signal<{ part: 'composer' | 'search' | 'list' | 'contact'; at: number } | null>(null)
export const requestFocus = (part: 'composer' | 'search' | 'list' | 'contact'): void => {
  focusRequest.value = { part, at: Date.now() }
}
