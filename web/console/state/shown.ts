// Which conversation is painted. It follows the address at once, except on a walk with j and k: there the moved highlight is painted first, then the
// conversation, then its contact beside it, each when the one before is on the screen, or when the keys pause. Whatever else is pressed or clicked
// meanwhile finds all of it in place.
import { batch, effect, signal } from '@preact/signals'
import type { Id } from '../lib/types'
import { afterFrame, afterPaint } from '../lib/after_paint'
import { openConversationId, settlePath, walk } from '../lib/router'
import { cursor } from './lists'
import { timelineOf } from './store'
import { openConversation } from './timeline'

/** Steps closer together than this are one stride: only where it ends is worth painting. The pause is longer, or each step would meet the painting of the last. */
const STRIDE_MS = 100
const PAUSE_MS = 110
/** Who only passes by with j and k reads nothing, is no viewer and needs no draft yet. */
export const STAY_MS = 250

export const shown = signal<Id | null>(openConversationId.peek())
/** The conversation whose contact is painted beside it. */
export const shownBeside = signal<Id | null>(openConversationId.peek())
let isWalking = false
let lastStep = -STRIDE_MS
let cancel: (() => void) | null = null

function afterPause(work: () => void): () => void {
  const timer = setTimeout(work, PAUSE_MS)
  return () => clearTimeout(timer)
}

function show(id: Id | null): void {
  cancel?.()
  cancel = null
  batch(() => {
    shown.value = id
    shownBeside.value = id
  })
}

/** Paints what the address says, now. */
export function settleShown(): void {
  if (!cancel) return
  settlePath()
  show(openConversationId.peek())
}

/** The conversation of the last step, then its contact. It is asked for ahead, so that it is mostly painted once and not first without its messages. */
function showInTurn(): void {
  const id = openConversationId.peek()
  if (id && !timelineOf(id).isLoaded.peek()) void openConversation(id)
  cancel = afterFrame(() => {
    settlePath()
    shown.value = id
    cancel = afterPaint(settleShown)
  })
}

/** One step of a walk: the address and the highlight at once, all else after the paint. */
export function walkTo(to: string): void {
  const now = performance.now()
  const isStride = now - lastStep < STRIDE_MS
  lastStep = now
  cancel?.()
  isWalking = true
  walk(to)
  isWalking = false
  cancel = isStride ? afterPause(showInTurn) : afterFrame(showInTurn)
}

export function startShown(): void {
  effect(() => {
    const id = openConversationId.value
    if (id) cursor.value = id
    if (!isWalking) show(id)
  })
  addEventListener('pointerdown', settleShown, { capture: true })
  addEventListener('pagehide', settleShown)
}
