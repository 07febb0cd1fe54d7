// A received or sent file. Pictures of safe kinds are fetched with the visitor's token and shown from a
// blob; everything else is offered for download.
import { useEffect, useRef, useState } from 'preact/hooks'
import { request } from './api'
import { saveFile } from './chat'
import { Icon } from './icons'
import { t } from './state'
import type { Attachment } from './types'

const SHOWN = /^image\/(png|jpeg|gif|webp|avif)$/

export function sizeText(bytes: number): string {
  return bytes < 1024 * 1024 ? t('size.kb', { size: Math.max(1, Math.round(bytes / 1024)) }) : t('size.mb', { size: Math.round(bytes / 104857.6) / 10 })
}

export function AttachmentView({ attachment }: { attachment: Attachment }) {
  const isPicture = SHOWN.test(attachment.type) && attachment.state !== 'failed'
  return isPicture ? <Picture attachment={attachment} /> : <FileRow attachment={attachment} />
}

const fetchBlob = async (attachment: Attachment, isSmall: boolean) =>
  (await request('GET', `/attachments/${attachment.id}${isSmall ? '?thumbnail=1' : ''}`)).blob()

async function download(attachment: Attachment): Promise<void> {
  await saveFile(await fetchBlob(attachment, false), attachment.name)
}

function FileRow({ attachment }: { attachment: Attachment }) {
  const size = sizeText(attachment.size)
  return (
    <button type="button" class="file" aria-label={t('attachment.download', { name: attachment.name, size })} onClick={() => void download(attachment).catch(() => {})}>
      <Icon name="file" /><bdi>{attachment.name}</bdi><small>{size}</small>
    </button>
  )
}

function Picture({ attachment }: { attachment: Attachment }) {
  const [url, setUrl] = useState('')
  const [isBroken, setBroken] = useState(false)
  const place = useRef<HTMLButtonElement>(null)
  useEffect(() => {
    let isGone = false
    let made = ''
    fetchBlob(attachment, Boolean(attachment.thumbnail_url))
      .then((blob) => {
        if (isGone) return
        made = URL.createObjectURL(blob)
        setUrl(made)
      })
      .catch(() => setBroken(true))
    return () => {
      isGone = true
      if (made) URL.revokeObjectURL(made)
    }
  }, [attachment.id, attachment.thumbnail_url])
  if (isBroken) return <FileRow attachment={attachment} />
  // The picture's place is kept while it loads, so that the thread does not jump.
  const scale = Math.min(1, 240 / (attachment.width || 240), 220 / (attachment.height || 160))
  const width = Math.round((attachment.width || 240) * scale)
  const height = Math.round((attachment.height || 160) * scale)
  return (
    <button ref={place} type="button" class="picture" aria-label={t('attachment.download', { name: attachment.name, size: sizeText(attachment.size) })} onClick={() => void download(attachment).catch(() => {})}>
      {url ? <img src={url} alt={t('attachment.image', { name: attachment.name })} width={width} height={height} /> : <svg width={width} height={height} aria-hidden="true" />}
    </button>
  )
}
