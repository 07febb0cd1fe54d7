// Which conversation is painted. It follows the address at once, except on a walk with j and k: there the moved highlight is painted first and the
// conversation after it, or when the keys pause. Whatever else is pressed or clicked meanwhile finds the conversation in place.
import { effect, signal } from '@preact/signals'
import type { Id } from '../lib/types'
import { openConversationId, settlePath, walk } from '../lib/router'
import { cursor } from './lists'

/** Steps closer together than this are one stride: only where it ends is worth painting. */
const STRIDE_MS = 140
const PAUSE_MS = 90
/** Who only passes by with j and k reads nothing, is no viewer and needs no draft yet. */
export const STAY_MS = 250

export const shown = signal<Id | null>(openConversationId.peek())
let isWalking = false
let lastStep = -STRIDE_MS
let cancel: (() => void) | null = null

function afterPaint(work: () => void): () => void {
  let timer: ReturnType<typeof setTimeout> | undefined
  const frame = requestAnimationFrame(() => {
    timer = setTimeout(work, 0)
  })
  return () => {
    cancelAnimationFrame(frame)
    clearTimeout(timer)
  }
}
function afterPause(work: () => void): () => void {
  const timer = setTimeout(work, PAUSE_MS)
  return () => clearTimeout(timer)
}

/** Paints what the address says, now. */
export function settleShown(): void {
  if (!cancel) return
  cancel()
  cancel = null
  settlePath()
  shown.value = openConversationId.peek()
}

/** One step of a walk: the address and the highlight at once, the conversation after the paint. */
export function walkTo(to: string): void {
  const now = performance.now()
  const isStride = now - lastStep < STRIDE_MS
  lastStep = now
  cancel?.()
  isWalking = true
  walk(to)
  isWalking = false
  cancel = isStride ? afterPause(settleShown) : afterPaint(settleShown)
}

export function startShown(): void {
  effect(() => {
    const id = openConversationId.value
    if (id) cursor.value = id
    if (isWalking) return
    cancel?.()
    cancel = null
    shown.value = id
  })
  addEventListener('pointerdown', settleShown, { capture: true })
  addEventListener('pagehide', settleShown)
}
