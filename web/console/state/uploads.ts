// Files on their way: cut into parts of at most what the server asks for, sent one after the other with progress, and cancellable.
import { signal, type Signal } from '@preact/signals'
import { ApiError, call, post } from '../lib/api'
import { uuid } from '../lib/ids'
import type { Attachment, Id } from '../lib/types'
import { changeDraft, draftOf } from './drafts'
import { errorText } from './toasts'
import type { Upload as Begun } from '../../shared/api/types'

/** isRefused: the network would not take it, so that it was not sent to the server either. */
export interface Upload { id: string; name: string; size: number; sent: number; error: string | null; isRefused: boolean; abort: AbortController; file: File; onDone?: ((attachment: Attachment) => void) | undefined }
/** Why a file cannot go, in words; null when it can. */
export type Advice = (file: { type: string; size: number }) => string | null

const RETRIES = 4
const RETRY_MS = 1500
const byConversation = new Map<Id, Signal<Upload[]>>()

export function uploadsOf(conversation: Id): Signal<Upload[]> {
  let found = byConversation.get(conversation)
  if (!found) {
    found = signal<Upload[]>([])
    byConversation.set(conversation, found)
  }
  return found
}

function update(conversation: Id, id: string, change: Partial<Upload> | null): void {
  const list = uploadsOf(conversation)
  list.value = change === null ? list.peek().filter((one) => one.id !== id) : list.peek().map((one) => (one.id === id ? { ...one, ...change } : one))
}

/** Sends a file; the answer of the last part carries the attachment. */
export async function sendFile(file: File, signal: AbortSignal, progress: (sent: number) => void): Promise<{ uploadId: Id; attachment: Attachment }> {
  const started = await post<Begun>('/uploads', { name: file.name, size: file.size, type: file.type || 'application/octet-stream' }, uuid())
  let offset = 0
  for (;;) {
    const part = file.slice(offset, offset + started.part_bytes)
    let answer: { received: number; attachment?: Attachment } | null = null
    for (let attempt = 0; answer === null; attempt++) {
      try {
        answer = await call('PUT', `/uploads/${started.id}`, { query: { offset }, body: part, signal })
      } catch (error) {
        if (!(error instanceof ApiError) || !error.isTransient || attempt >= RETRIES) throw error
        await new Promise((resolve) => setTimeout(resolve, RETRY_MS * (attempt + 1)))
      }
    }
    offset = answer.received
    progress(offset)
    if (answer.attachment) return { uploadId: started.id, attachment: answer.attachment }
    if (offset >= file.size) throw new Error('upload ended without an attachment')
  }
}

async function run(conversation: Id, upload: Upload): Promise<void> {
  update(conversation, upload.id, { error: null, sent: 0 })
  try {
    const { attachment } = await sendFile(upload.file, upload.abort.signal, (sent) => update(conversation, upload.id, { sent }))
    update(conversation, upload.id, null)
    changeDraft(conversation, { attachments: [...draftOf(conversation).peek().attachments, attachment] })
    upload.onDone?.(attachment)
  } catch (error) {
    if (error instanceof DOMException && error.name === 'AbortError') update(conversation, upload.id, null)
    else update(conversation, upload.id, { error: errorText(error) })
  }
}

/** onDone: where the file is more than one of the list, such as a picture in the text. */
export function addFiles(conversation: Id, files: Iterable<File>, advice: Advice, onDone?: (attachment: Attachment) => void): void {
  for (const file of files) {
    const error = advice(file)
    const upload: Upload = { id: uuid(), name: file.name, size: file.size, sent: 0, error, isRefused: error !== null, abort: new AbortController(), file, onDone }
    const list = uploadsOf(conversation)
    list.value = [...list.peek(), upload]
    if (!error) void run(conversation, upload)
  }
}
export function retryUpload(conversation: Id, id: string): void {
  const upload = uploadsOf(conversation).peek().find((one) => one.id === id)
  if (upload) void run(conversation, upload)
}
export function cancelUpload(conversation: Id, id: string): void {
  uploadsOf(conversation).peek().find((one) => one.id === id)?.abort.abort()
  update(conversation, id, null)
}
