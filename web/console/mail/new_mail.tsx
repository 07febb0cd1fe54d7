// A new mail of a mailbox: always a conversation of its own.
import { useEffect, useRef, useState } from 'preact/hooks'
import { Problem, Spinner } from '../ui/parts'
import { post } from '../lib/api'
import { uuid } from '../lib/ids'
import { t } from '../lib/i18n'
import { go, inboxPath } from '../lib/router'
import type { Contact, Conversation, Id } from '../lib/types'
import { closeOverlay } from '../state/overlays'
import { putConversation } from '../state/store'
import { MailForm, type Filled } from './mail_form'
import { anew } from './once'
import { mailWords } from './words'

export function NewMail({ channel, known }: { channel: Id; known: Contact | undefined }) {
  const [isReady, setReady] = useState(false)
  const key = useRef(uuid())
  useEffect(() => void mailWords().then(() => setReady(true)), [])
  const address = known?.email ?? ''
  const send = async ({ to, text, mail, files, at }: Filled): Promise<void> => {
    const first = to[0]
    const whom = known && address ? { contact_id: known.id } : { contact: { ...(first?.name ? { name: first.name } : {}), email: first?.address ?? '' } }
    const one = await post<Conversation>('/conversations', {
      channel_id: channel, ...whom, text, client_id: key.current, mail: { ...mail, ...(to.length > 1 ? { to } : {}) }, ...(files.length ? { attachment_ids: files } : {}), ...(at ? { send_at: at } : {}),
    }, key.current).catch(anew(key))
    putConversation(one)
    closeOverlay()
    go(inboxPath('all', one.id))
  }
  if (!isReady) return <Spinner label={t('common.loading')} />
  if (known && !address) return <Problem text={t('start.no_address')} />
  return <MailForm key={channel} channel={channel} contact={known?.id ?? null} to={known ? [{ name: known.name ?? '', address }] : []} subject="" quoted={null} kept={[]} onSend={send} onClose={closeOverlay} />
}
