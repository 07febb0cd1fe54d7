// Requests to /widget/v1: the bearer token, JSON in and out, and one error shape. A request that got no
// answer throws Offline; an answer that is an error throws ApiError. Knows nothing of screens or state.

export class Offline extends Error {}

export class ApiError extends Error {
  constructor(
    readonly status: number,
    readonly code: string,
    message: string,
    readonly field: string | null,
    readonly retryAfterMs: number,
    readonly details: Record<string, unknown> = {},
  ) {
    super(message)
  }
  /** Worth the same request again later. */
  get isPassing(): boolean {
    return this.status >= 500 || this.status === 429 || this.status === 408
  }
}

let token = ''
export function setToken(value: string): void {
  token = value
}
export function bearer(): Record<string, string> {
  return token ? { Authorization: `Bearer ${token}` } : {}
}

export function toError(status: number, body: string, retryAfter: string | null): ApiError {
  let error: { code?: string; message?: string; field?: string | null; details?: Record<string, unknown> } = {}
  try {
    error = (JSON.parse(body) as { error?: typeof error }).error ?? {}
  } catch {
    // Not ours (a proxy's page): the status says enough.
  }
  return new ApiError(status, error.code ?? 'internal', error.message ?? '', error.field ?? null, Number(retryAfter ?? 0) * 1000, error.details)
}

export async function request(method: string, path: string, body?: unknown, signal?: AbortSignal): Promise<Response> {
  let response: Response
  try {
    response = await fetch(`/widget/v1${path}`, {
      method,
      headers: { ...bearer(), ...(body === undefined ? {} : { 'Content-Type': 'application/json' }) },
      body: body === undefined ? null : JSON.stringify(body),
      signal: signal ?? null,
      credentials: 'omit',
      cache: 'no-store',
    })
  } catch (error) {
    throw new Offline(String(error))
  }
  if (!response.ok) throw toError(response.status, await response.text().catch(() => ''), response.headers.get('Retry-After'))
  return response
}

export async function call<T>(method: string, path: string, body?: unknown): Promise<T> {
  const response = await request(method, path, body)
  if (response.status === 204) return undefined as T
  try {
    return (await response.json()) as T
  } catch (error) {
    throw new Offline(String(error))
  }
}

/** Upload of one part with progress; resolves to the parsed answer. */
export function putPart<T>(path: string, part: Blob, onProgress: (bytes: number) => void, signal: AbortSignal): Promise<T> {
  return new Promise((resolve, reject) => {
    const xhr = new XMLHttpRequest()
    xhr.open('PUT', `/widget/v1${path}`)
    xhr.setRequestHeader('Content-Type', 'application/octet-stream')
    for (const [name, value] of Object.entries(bearer())) xhr.setRequestHeader(name, value)
    xhr.upload.onprogress = (event) => onProgress(event.loaded)
    xhr.onerror = xhr.onabort = xhr.ontimeout = () => reject(new Offline('upload'))
    xhr.onload = () => {
      if (xhr.status < 200 || xhr.status > 299) reject(toError(xhr.status, xhr.responseText, xhr.getResponseHeader('Retry-After')))
      else resolve(JSON.parse(xhr.responseText) as T)
    }
    signal.addEventListener('abort', () => xhr.abort())
    xhr.send(part)
  })
}
