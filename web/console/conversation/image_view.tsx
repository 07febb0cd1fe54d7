// A picture large, over the page.
import { Dialog, IconButton, Words } from '../ui/parts'
import { Icon } from '../ui/icon'
import { t } from '../lib/i18n'
import { closeOverlay } from '../state/overlays'

export function ImageView({ url, name }: { url: string; name: string }) {
  return (
    <Dialog label={name} onClose={closeOverlay} class="dialog-image">
      <header class="dialog-head">
        <h2><Words text={name} /></h2>
        <a class="icon-button" href={url} download={name} aria-label={t('file.download', { name })} title={t('file.download', { name })}><Icon name="download" /></a>
        <IconButton icon="close" label={t('common.close')} onClick={closeOverlay} />
      </header>
      <img src={url} alt={name} />
    </Dialog>
  )
}
