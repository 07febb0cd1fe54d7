// Ids are strings of digits that grow with time; local ones wait for the server's and sort last.
import type { Id } from './types'

const LOCAL = 'local:'

export const localId = (clientId: string): Id => LOCAL + clientId
export const isLocal = (id: Id): boolean => id.startsWith(LOCAL)

export function compareIds(a: Id, b: Id): number {
  if (a === b) return 0
  const localA = isLocal(a)
  const localB = isLocal(b)
  if (localA !== localB) return localA ? 1 : -1
  if (localA) return 0
  return a.length - b.length || (a < b ? -1 : 1)
}

/** A random UUID; also where the page is served over plain HTTP from another machine and crypto.randomUUID is missing. */
export function uuid(): string {
  if (typeof crypto.randomUUID === 'function') return crypto.randomUUID()
  const bytes = crypto.getRandomValues(new Uint8Array(16))
  bytes[6] = ((bytes[6] ?? 0) & 0x0f) | 0x40
  bytes[8] = ((bytes[8] ?? 0) & 0x3f) | 0x80
  const hex = [...bytes].map((byte) => byte.toString(16).padStart(2, '0')).join('')
  return `${hex.slice(0, 8)}-${hex.slice(8, 12)}-${hex.slice(12, 16)}-${hex.slice(16, 20)}-${hex.slice(20)}`
}
