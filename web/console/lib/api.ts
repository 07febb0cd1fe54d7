// Calls to the server's JSON API: one place for the base path, the CSRF header, errors and keys that make a POST safe to repeat.
import type { Fault } from '../../shared/api/types'

/** As the server says it; a call that got no answer has no more than code and message. */
export type ErrorBody = Pick<Fault, 'code' | 'message'> & Partial<Fault>

/** A refusal by the server (status > 0) or a call that never got an answer (status 0, code "offline"). */
export class ApiError extends Error {
  readonly status: number
  readonly code: string
  readonly field: string | null
  readonly trace: string | null
  readonly body: ErrorBody
  readonly retryAfterSeconds: number | null
  constructor(status: number, body: ErrorBody, retryAfterSeconds: number | null = null) {
    super(body.message)
    this.status = status
    this.code = body.code
    this.field = body.field ?? null
    this.trace = body.trace ?? null
    this.body = body
    this.retryAfterSeconds = retryAfterSeconds
  }
  is(code: string): boolean {
    return this.code === code || this.code.startsWith(code + '.')
  }
  /** True when the same call may succeed later without anybody changing anything. */
  get isTransient(): boolean {
    return this.status === 0 || this.status === 429 || this.status >= 500
  }
}

let csrf = ''
let onSignedOut: () => void = () => undefined

export function setCsrf(value: string): void {
  csrf = value
}
export function whenSignedOut(handler: () => void): void {
  onSignedOut = handler
}

export type Query = Record<string, string | number | boolean | string[] | null | undefined>

export function queryString(query: Query | undefined): string {
  if (!query) return ''
  const parts = new URLSearchParams()
  for (const [name, value] of Object.entries(query)) {
    if (value === null || value === undefined || value === '') continue
    if (Array.isArray(value)) {
      if (value.length) parts.set(name, value.join(','))
    } else parts.set(name, String(value))
  }
  const text = parts.toString()
  return text ? '?' + text : ''
}

interface CallOptions { query?: Query; body?: unknown; key?: string; signal?: AbortSignal; keepalive?: boolean }

async function readError(response: Response): Promise<ApiError> {
  let body: ErrorBody = { code: response.status === 503 ? 'busy' : 'internal', message: response.statusText || String(response.status) }
  try {
    const json = (await response.json()) as { error?: ErrorBody }
    if (json.error) body = json.error
  } catch {
    // A proxy's page instead of our JSON: the status alone must do.
  }
  const after = Number(response.headers.get('Retry-After'))
  return new ApiError(response.status, body, Number.isFinite(after) && after > 0 ? after : null)
}

export async function call<T>(method: string, path: string, options: CallOptions = {}): Promise<T> {
  const headers: Record<string, string> = { Accept: 'application/json' }
  if (method !== 'GET') headers['X-Seva-CSRF'] = csrf
  if (options.key) headers['Idempotency-Key'] = options.key
  let body: BodyInit | undefined
  if (options.body instanceof Blob) {
    headers['Content-Type'] = 'application/octet-stream'
    body = options.body
  } else if (options.body !== undefined) {
    headers['Content-Type'] = 'application/json'
    body = JSON.stringify(options.body)
  }
  let response: Response
  try {
    response = await fetch('/api/v1' + path + queryString(options.query), {
      method,
      headers,
      credentials: 'same-origin',
      ...(body !== undefined ? { body } : {}),
      ...(options.signal ? { signal: options.signal } : {}),
      ...(options.keepalive ? { keepalive: true } : {}),
    })
  } catch (cause) {
    if (cause instanceof DOMException && cause.name === 'AbortError') throw cause
    throw new ApiError(0, { code: 'offline', message: 'offline' })
  }
  if (!response.ok) {
    const error = await readError(response)
    if (response.status === 401 && error.code === 'unauthenticated' && path !== '/session') onSignedOut()
    throw error
  }
  if (response.status === 204) return undefined as T
  const text = await response.text()
  return (text ? JSON.parse(text) : undefined) as T
}

export const get = <T>(path: string, query?: Query, signal?: AbortSignal): Promise<T> =>
  call<T>('GET', path, { ...(query ? { query } : {}), ...(signal ? { signal } : {}) })
export const post = <T>(path: string, body?: unknown, key?: string): Promise<T> =>
  call<T>('POST', path, { ...(body === undefined ? {} : { body }), ...(key ? { key } : {}) })
export const patch = <T>(path: string, body: unknown): Promise<T> => call<T>('PATCH', path, { body })
export const put = <T>(path: string, body: unknown): Promise<T> => call<T>('PUT', path, { body })
export const del = <T>(path: string): Promise<T> => call<T>('DELETE', path)
