// A mail is passed on to somebody else, with its files, in a conversation of its own.
import { useEffect, useRef, useState } from 'preact/hooks'
import { Dialog, Problem, Spinner } from '../ui/parts'
import { post } from '../lib/api'
import { uuid } from '../lib/ids'
import { t } from '../lib/i18n'
import { go, inboxPath } from '../lib/router'
import type { Conversation } from '../lib/types'
import { closeOverlay, overlay } from '../state/overlays'
import { conversations, messages, putConversation } from '../state/store'
import { errorText } from '../state/toasts'
import { mailOf } from './load'
import { anew } from './once'
import { MailForm, type Filled } from './mail_form'
import { forwardLine } from './previews'
import type { Mail } from './types'
import { mailWords } from './words'

/** The server does the same, for whoever leaves the subject out. */
const forwarded = (subject: string): string => (/^(fwd?|wg|tr|rv)\s*:/i.test(subject.trim()) ? subject.trim() : `Fwd: ${subject.trim()}`)

export function ForwardDialog() {
  const layer = overlay.value
  const id = layer?.kind === 'forward' ? layer.message : ''
  const [mail, setMail] = useState<Mail | null>(null)
  const [problem, setProblem] = useState('')
  const client = useRef(uuid())
  useEffect(() => {
    Promise.all([mailOf(id), mailWords()]).then(([found]) => setMail(found), (error: unknown) => setProblem(errorText(error)))
  }, [id])
  const message = messages.peek(id)
  const channel = conversations.peek(message?.conversation_id ?? '')?.channel.id ?? ''
  const send = async ({ to, text, mail: posted, without, at }: Filled): Promise<void> => {
    const attribution = mail ? forwardLine(mail) : ''
    const one = await post<Conversation>(`/messages/${id}/forward`, {
      text, client_id: client.current, mail: { ...posted, to, attribution }, ...(without.length ? { without_ids: without } : {}), ...(at ? { send_at: at } : {}),
    }, client.current).catch(anew(client))
    putConversation(one)
    closeOverlay()
    go(inboxPath('all', one.id))
  }
  return (
    <Dialog label={t('act.forward')} onClose={closeOverlay} class="dialog-mail">
      <h2>{t('act.forward')}</h2>
      {problem ? <Problem text={problem} /> : mail ? (
        <MailForm channel={channel} contact={null} to={[]} subject={forwarded(mail.subject)} quoted={mail} kept={message?.attachments ?? []} onSend={send} onClose={closeOverlay} />
      ) : <Spinner label={t('common.loading')} />}
    </Dialog>
  )
}
