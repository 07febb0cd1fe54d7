// A file of a message: a picture to open, a voice note or film to play where it stands, a sticker, or a download.
import { Icon } from '../ui/icon'
import { Words } from '../ui/parts'
import { bytes } from '../lib/format'
import { t } from '../lib/i18n'
import type { Attachment } from '../lib/types'
import { overlay } from '../state/overlays'
import { lazyPart } from '../ui/lazy'

const Player = lazyPart(() => import('./player').then((module) => module.Player))
const CarriedMail = lazyPart(() => import('../mail/carried').then((module) => module.carriedMail()))
const UnfetchedFile = lazyPart(() => import('./unfetched').then((module) => module.UnfetchedFile))

const PICTURES = new Set(['image/png', 'image/jpeg', 'image/gif', 'image/webp', 'image/avif'])
/** What browsers play; the rest is a download. */
const SOUND = /^audio\/(mpeg|mp4|aac|ogg|opus|wav|x-wav|webm|flac|amr|x-m4a)$/
const FILM = /^video\/(mp4|webm|ogg|quicktime)$/

export function AttachmentView({ attachment }: { attachment: Attachment }) {
  const url = attachment.url
  if (url === null) return <UnfetchedFile attachment={attachment} />
  if (PICTURES.has(attachment.type) && attachment.state === 'ready') {
    if (/^sticker\./i.test(attachment.name)) return <img class="sticker" src={url} alt={t('file.sticker')} loading="lazy" decoding="async" />
    const ratio = attachment.width && attachment.height ? { aspectRatio: `${attachment.width} / ${attachment.height}` } : {}
    return (
      <button type="button" class="picture" aria-label={t('file.open', { name: attachment.name })} onClick={() => void (overlay.value = { kind: 'image', url, name: attachment.name })}>
        <img src={attachment.thumbnail_url ?? url} alt={attachment.name} loading="lazy" decoding="async" style={ratio} />
      </button>
    )
  }
  if (SOUND.test(attachment.type) || FILM.test(attachment.type)) return <Player attachment={attachment} url={url} isFilm={FILM.test(attachment.type)} />
  return (
    <>
      <a class="file" href={url} download={attachment.name}>
        <Icon name="file" size={18} />
        <Words text={attachment.name} class="file-name" />
        <span class="file-size">{attachment.state === 'processing' ? t('file.processing') : bytes(attachment.size)}</span>
        <Icon name="download" size={16} />
      </a>
      {/\.eml$/i.test(attachment.name) ? <CarriedMail id={attachment.id} /> : null}
    </>
  )
}
