// A file that a message names by address and that is not here: on its way, or why it will not come, with the address as the sender gave it.
import { useSignal } from '@preact/signals'
import { Icon } from '../ui/icon'
import { Words } from '../ui/parts'
import { post } from '../lib/api'
import { t } from '../lib/i18n'
import type { Attachment } from '../lib/types'
import { can } from '../state/store'
import { complain } from '../state/toasts'

function whyNot(error: string | null | undefined): string {
  switch (error) {
    case 'address':
      return t('file.failed_address')
    case 'missing':
      return t('file.failed_missing')
    case 'denied':
      return t('file.failed_denied')
    case 'too_large':
      return t('file.failed_too_large')
    case 'empty':
      return t('file.failed_empty')
    case 'web_page':
      return t('file.failed_web_page')
    case 'no_answer':
      return t('file.failed_no_answer')
    case 'lost':
      return t('file.failed_lost')
    default:
      return t('file.failed_rejected')
  }
}

export function UnfetchedFile({ attachment }: { attachment: Attachment }) {
  const isAsking = useSignal(false)
  const hasFailed = attachment.state === 'failed'
  const address = attachment.source_url ?? ''
  const again = async (): Promise<void> => {
    isAsking.value = true
    try {
      await post(`/attachments/${attachment.id}/retry`)
    } catch (error) {
      complain(error)
    }
    isAsking.value = false
  }
  return (
    <div class={hasFailed ? 'file file-away file-refused' : 'file file-away'}>
      <Icon name={hasFailed ? 'alert' : 'clock'} size={16} />
      <span class="file-name">
        <Words text={attachment.name} /> <span class="file-size">{hasFailed ? whyNot(attachment.error) : t('file.fetching')}</span>
        {hasFailed && /^https?:\/\//.test(address) ? (
          <a href={address} target="_blank" rel="noopener noreferrer nofollow" dir="ltr">{address}</a>
        ) : null}
      </span>
      {hasFailed && attachment.error !== 'lost' && can('conversation.reply') ? (
        <button type="button" class="link-button" disabled={isAsking.value} onClick={() => void again()}>{t('common.retry')}</button>
      ) : null}
    </div>
  )
}
