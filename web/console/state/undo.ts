// What can be taken back: the last changes, newest first, each with its own way back. "z" and the toast's button use the same stack.
import { signal } from '@preact/signals'

export interface UndoStep { id: number; undo: () => void | Promise<void>; expiresAt: number }

const MAX_STEPS = 20
let lastId = 0
export const steps = signal<UndoStep[]>([])

export function pushUndo(undo: UndoStep['undo'], lifeMs = 60_000): number {
  const id = ++lastId
  steps.value = [{ id, undo, expiresAt: Date.now() + lifeMs }, ...steps.value].slice(0, MAX_STEPS)
  return id
}
export function dropUndo(id: number): void {
  steps.value = steps.value.filter((step) => step.id !== id)
}
/** Takes back the newest step that still can be; false when there is none. */
export async function undoLast(now = Date.now()): Promise<boolean> {
  const step = steps.value.find((one) => one.expiresAt > now)
  steps.value = steps.value.filter((one) => one.expiresAt > now && one !== step)
  if (!step) return false
  await step.undo()
  return true
}
export async function undoStep(id: number): Promise<void> {
  const step = steps.value.find((one) => one.id === id)
  dropUndo(id)
  await step?.undo()
}
