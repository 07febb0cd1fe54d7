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
  | { kind: 'template'; conversation: Id }
  | { kind: 'forward'; message: Id }
  | { kind: 'move'; conversation: Id }

export const overlay = signal<Overlay | null>(null)
export const closeOverlay = (): void => {
  overlay.value = null
}

/** Where a command wants the focus. It waits until that part stands in the page and is taken once, so that neither a slow page loses it nor a later one finds it. */
export interface FocusRequest { part: 'composer' | 'search' | 'list'; conversation: Id | null; isTaken: boolean }
export const focusRequest = signal<FocusRequest | null>(null)
export const requestFocus = (part: FocusRequest['part'], conversation: Id | null = null): void => {
  focusRequest.value = { part, conversation, isTaken: false }
}
/** True once, for the part that is meant. Ask in a layout effect: what is typed next must land where the focus was sent. */
export function takeFocus(request: FocusRequest | null, part: FocusRequest['part'], conversation: Id | null = null): boolean {
  if (!request || request.isTaken || request.part !== part || request.conversation !== conversation) return false
  request.isTaken = true
  return true
}
/** The conversation whose composer was asked for and does not stand yet. */
export function awaitedComposer(): Id | null {
  const request = focusRequest.peek()
  return request && !request.isTaken && request.part === 'composer' ? request.conversation : null
}
