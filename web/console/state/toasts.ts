// Short words at the edge of the screen: what was done (with its undo) and what went wrong.
import { signal } from '@preact/signals'
import { ApiError } from '../lib/api'
import { t } from '../lib/i18n'

export interface Toast { id: number; text: string; tone: 'plain' | 'bad'; undoId: number | null; action?: { label: string; run: () => void } }

let lastId = 0
export const toasts = signal<Toast[]>([])

export function toast(text: string, options: { tone?: 'plain' | 'bad'; undoId?: number; action?: Toast['action']; lifeMs?: number } = {}): number {
  const id = ++lastId
  const one: Toast = { id, text, tone: options.tone ?? 'plain', undoId: options.undoId ?? null, ...(options.action ? { action: options.action } : {}) }
  toasts.value = [...toasts.value.slice(-2), one]
  setTimeout(() => dismiss(id), options.lifeMs ?? (options.tone === 'bad' ? 9000 : 6000))
  return id
}
export function dismiss(id: number): void {
  toasts.value = toasts.value.filter((one) => one.id !== id)
}

/** A refusal in words for the person in front of the screen. */
export function errorText(error: unknown): string {
  if (error instanceof ApiError) {
    // Without a trace it is a proxy that speaks: the server is not there.
    if (error.status === 0 || (error.status > 501 && !error.trace)) return t('error.offline')
    if (error.is('forbidden')) return t('error.forbidden')
    if (error.status === 429) return t('error.throttled', { seconds: error.retryAfterSeconds ?? 30 })
    if (error.status >= 500) return t('error.server', { trace: error.trace ?? '—' })
    return error.message
  }
  return error instanceof Error ? error.message : String(error)
}
export const complain = (error: unknown): void => {
  toast(errorText(error), { tone: 'bad' })
}
