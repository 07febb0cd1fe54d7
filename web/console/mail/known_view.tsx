// Draws what is known against addresses (known_addresses.tsx), and lets somebody try one again.
import { useSignal } from '@preact/signals'
import '../style/mail.css'
import { Icon } from '../ui/icon'
import type { Id } from '../lib/types'
import { can } from '../state/store'
import { complain, toast } from '../state/toasts'
import type { MailAddress } from '../../shared/api/types'
import { retryAddress } from './known'
import { serverWords } from './sentences'
import { mailWords, mt } from './words'

export const knownReady = mailWords

function One({ conversation, of }: { conversation: Id; of: MailAddress }) {
  const isBusy = useSignal(false)
  const retry = async (): Promise<void> => {
    isBusy.value = true
    await retryAddress(conversation, of.address).then(() => toast(mt('address.retried', { address: of.address })), complain)
    isBusy.value = false
  }
  const { address } = of
  const words = serverWords(of)
  return (
    <>
      {of.is_invalid ? (
        <p class="mail-note mail-note-warn" role="status">
          <Icon name="alert" size={14} /> <span dir="auto">{mt('address.bad', { address, words })} {mt('address.bad_hint')}</span>
          {can('conversation.reply') ? <button type="button" class="link-button" disabled={isBusy.value} onClick={() => void retry()}>{mt('address.retry')}</button> : null}
        </p>
      ) : of.bounces ? <p class="mail-note" role="status"><Icon name="alert" size={14} /> <span dir="auto">{mt('address.once', { address, words })}</span></p> : null}
      {of.complained_at ? <p class="mail-note mail-note-warn" role="status"><Icon name="alert" size={14} /> <span dir="auto">{mt('address.complained', { address })}</span></p> : null}
    </>
  )
}

export function KnownView({ conversation, items }: { conversation: Id; items: readonly MailAddress[] }) {
  return <div class="mail-known">{items.map((one) => <One key={one.address} conversation={conversation} of={one} />)}</div>
}
