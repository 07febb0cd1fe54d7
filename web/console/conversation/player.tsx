// A voice note or a film of a message, played where it stands. Loaded with the first one.
import { Icon } from '../ui/icon'
import { Words } from '../ui/parts'
import { bytes } from '../lib/format'
import { t } from '../lib/i18n'
import type { Attachment } from '../lib/types'

function Download({ attachment, url }: { attachment: Attachment; url: string }) {
  return (
    <a class="icon-button" href={url} download={attachment.name} aria-label={t('file.download', { name: attachment.name })} title={t('file.download', { name: attachment.name })}>
      <Icon name="download" size={16} />
    </a>
  )
}

export function Player({ attachment, url, isFilm }: { attachment: Attachment; url: string; isFilm: boolean }) {
  const ratio = attachment.width && attachment.height ? { aspectRatio: `${attachment.width} / ${attachment.height}` } : {}
  return (
    <figure class={isFilm ? 'player player-film' : 'player'}>
      {isFilm ? (
        <video controls playsinline preload="metadata" src={url} style={ratio} aria-label={t('file.film', { name: attachment.name })} {...(attachment.thumbnail_url ? { poster: attachment.thumbnail_url } : {})} />
      ) : (
        <audio controls preload="none" src={url} aria-label={t('file.sound', { name: attachment.name })} />
      )}
      <figcaption>
        <Words text={attachment.name} class="file-name" />
        <span class="file-size">{bytes(attachment.size)}</span>
        <Download attachment={attachment} url={url} />
      </figcaption>
    </figure>
  )
}
