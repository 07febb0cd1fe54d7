// Exports as the server has them, looked at again while one is on its way.
import { useEffect } from 'preact/hooks'
import { del, post } from '../lib/api'
import { uuid } from '../lib/ids'
import type { Export, Id } from '../lib/types'

const LOOK_MS = 2000

export const isUnderWay = (one: Export): boolean => one.state === 'queued' || one.state === 'running'

export const askExport = (contact: Id | null): Promise<Export> =>
  post<Export>('/exports', contact ? { what: 'contact', contact_id: contact } : { what: 'account' }, uuid())

export const deleteExport = (id: Id): Promise<void> => del('/exports/' + id)

/** Calls `look` again and again for as long as there is something to wait for, and nobody has gone. */
export function useLookAgain(isWaiting: boolean, look: () => Promise<void>): void {
  useEffect(() => {
    if (!isWaiting) return
    let timer = 0
    const again = (): void => {
      timer = window.setTimeout(() => void look().finally(() => {
        if (timer) again()
      }), LOOK_MS)
    }
    again()
    return () => {
      window.clearTimeout(timer)
      timer = 0
    }
  }, [isWaiting])
}
