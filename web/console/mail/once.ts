// A key that makes a POST safe to repeat: kept while nobody knows whether the server has done it, another one once it has said no.
import { ApiError } from '../lib/api'
import { uuid } from '../lib/ids'

export const anew = (key: { current: string }) => (error: unknown): never => {
  if (error instanceof ApiError && !error.isTransient) key.current = uuid()
  throw error
}
