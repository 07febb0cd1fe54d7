// The picture in the head of the website chat: uploaded here, kept with the other settings when they are saved.
import { useRef } from 'preact/hooks'
import { Button } from '../ui/parts'
import { Icon } from '../ui/icon'
import { t } from '../lib/i18n'
import type { Channel, WidgetSettings } from '../lib/types'
import { sendFile } from '../state/uploads'
import { FormError, useSaving } from './common'

/** Where the picture can be seen: what is saved by the channel's public address, what was just uploaded by our own. */
export function logoUrl(channel: Channel, settings: WidgetSettings): string | null {
  const id = settings.logo_upload_id
  if (!id) return null
  return id === channel.settings.logo_upload_id ? `/widget/v1/${channel.public_key}/logo/${id}` : `/api/v1/attachments/${id}`
}

export function Logo({ channel, settings, change }: { channel: Channel; settings: WidgetSettings; change: (id: string | null) => void }) {
  const picker = useRef<HTMLInputElement>(null)
  const saving = useSaving()
  const url = logoUrl(channel, settings)
  const upload = async (file: File | undefined): Promise<void> => {
    if (!file) return
    await saving.save(async () => {
      const { attachment } = await sendFile(file, new AbortController().signal, () => undefined)
      if (!attachment.type.startsWith('image/') || !attachment.width) throw new Error(t('logo.no_picture'))
      change(attachment.id)
    }, '')
  }
  return (
    <div class="field">
      <span class="field-label" id="widget-logo">{t('logo.title')}</span>
      <div class="logo-choice" role="group" aria-labelledby="widget-logo">
        {url ? <img src={url} alt={t('logo.title')} /> : <span class="logo-none"><Icon name="plus" size={18} /></span>}
        <Button small onClick={() => picker.current?.click()} disabled={saving.isBusy.value}>{t('logo.choose')}</Button>
        {url ? <Button small tone="quiet" onClick={() => change(null)}>{t('logo.remove')}</Button> : null}
        <input ref={picker} type="file" accept="image/png,image/jpeg,image/gif,image/webp" hidden tabIndex={-1} aria-label={t('logo.choose')} onChange={(event) => { void upload(event.currentTarget.files?.[0]); event.currentTarget.value = '' }} />
      </div>
      <span class="field-hint">{t('logo.hint')}</span>
      <FormError saving={saving} />
    </div>
  )
}
