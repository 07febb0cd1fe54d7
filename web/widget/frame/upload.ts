// Attachments on their way up: parts of at most 1 MiB, progress, and going on where it stopped when the
// connection comes back. A list of signals that the composer shows.
import { signal } from '@preact/signals'
import { ApiError, call, Offline, putPart } from './api'
import { newId } from './chat'
import { backoffMs, pause } from './sse'
import type { Attachment } from './types'
import type { Upload as Begun, UploadProgress } from '../../shared/api/types'

export const MAX_FILES = 10
export const MAX_FILE_BYTES = 100 * 1024 * 1024

export type Failure = 'too.large' | 'empty' | 'refused' | 'broken'
export interface Upload {
  id: string
  name: string
  size: number
  ratio: number
  state: 'uploading' | 'waiting' | 'done' | 'failed'
  failure: Failure | null
  attachment: Attachment | null
  abort: AbortController
}

export const uploads = signal<Upload[]>([])

const set = (id: string, change: Partial<Upload>) => {
  uploads.value = uploads.value.map((upload) => (upload.id === id ? { ...upload, ...change } : upload))
}

/** Takes files until the message is full; answers false when some did not fit. */
export function addFiles(files: Iterable<File>): boolean {
  for (const file of files) {
    if (uploads.value.length >= MAX_FILES) return false
    const failure: Failure | null = file.size === 0 ? 'empty' : file.size > MAX_FILE_BYTES ? 'too.large' : null
    const upload: Upload = {
      id: newId(),
      name: file.name || 'file',
      size: file.size,
      ratio: 0,
      state: failure ? 'failed' : 'uploading',
      failure,
      attachment: null,
      abort: new AbortController(),
    }
    uploads.value = [...uploads.value, upload]
    if (!failure) void run(upload, file)
  }
  return true
}

export function removeUpload(id: string): void {
  uploads.value.find((upload) => upload.id === id)?.abort.abort()
  uploads.value = uploads.value.filter((upload) => upload.id !== id)
}

async function run(upload: Upload, file: File): Promise<void> {
  const { signal: stop } = upload.abort
  try {
    const { id, part_bytes } = await patiently(upload, () =>
      call<Begun>('POST', '/uploads', { name: upload.name, size: file.size, type: file.type || 'application/octet-stream' }),
    )
    let at = 0
    while (!stop.aborted) {
      const part = file.slice(at, at + part_bytes)
      const answer = await patiently(upload, () =>
        putPart<Answer>(`/uploads/${id}?offset=${at}`, part, (bytes) => set(upload.id, { ratio: Math.min(1, (at + bytes) / file.size) }), stop).catch(goOn),
      )
      at = answer.received
      if (answer.attachment) {
        const isRefused = answer.attachment.state === 'failed'
        set(upload.id, isRefused ? { state: 'failed', failure: 'refused' } : { state: 'done', ratio: 1, attachment: answer.attachment })
        return
      }
    }
  } catch (error) {
    const failure = error instanceof ApiError ? (error.status === 413 ? 'too.large' : 'refused') : 'broken'
    set(upload.id, { state: 'failed', failure })
  }
}

type Answer = UploadProgress

/** A part that arrived while its answer was lost: the server says where it stands. */
function goOn(error: unknown): Answer {
  const received = error instanceof ApiError && error.status === 409 ? error.details['received'] : undefined
  if (typeof received !== 'number') throw error
  return { received }
}

/** The same request until it gets an answer; a real refusal is thrown. */
async function patiently<T>(upload: Upload, work: () => Promise<T>): Promise<T> {
  for (let attempt = 0; ; attempt++) {
    try {
      const answer = await work()
      set(upload.id, { state: 'uploading' })
      return answer
    } catch (error) {
      const isPassing = error instanceof Offline || (error instanceof ApiError && error.isPassing)
      if (!isPassing || upload.abort.signal.aborted) throw error
      set(upload.id, { state: 'waiting' })
      await pause(backoffMs(attempt), upload.abort.signal)
    }
  }
}
