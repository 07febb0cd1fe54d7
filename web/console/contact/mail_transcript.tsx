// The transcript of a website chat goes by mail: to the customer, or to another address.
import { useSignal } from '@preact/signals'
import { Icon } from '../ui/icon'
import { Button, Dialog, Field } from '../ui/parts'
import { post } from '../lib/api'
import { t } from '../lib/i18n'
import { uuid } from '../lib/ids'
import type { Id, Letter } from '../lib/types'
import { errorText, toast } from '../state/toasts'

function MailDialog({ conversation, email, onClose }: { conversation: Id; email: string | null; onClose: () => void }) {
  const address = useSignal(email ?? '')
  const error = useSignal<string | null>(null)
  const isBusy = useSignal(false)
  const key = useSignal(uuid())
  const send = async (): Promise<void> => {
    isBusy.value = true
    try {
      const letter = await post<Letter>(`/conversations/${conversation}/transcript`, { email: address.peek().trim() }, key.peek())
      toast(t('transcript.on_its_way', { email: letter.to_address }))
      onClose()
    } catch (cause) {
      error.value = errorText(cause)
      key.value = uuid()
    } finally {
      isBusy.value = false
    }
  }
  return (
    <Dialog label={t('transcript.mail')} onClose={onClose} class="dialog-small">
      <h2>{t('transcript.mail')}</h2>
      <form onSubmit={(event) => { event.preventDefault(); void send() }}>
        <Field label={t('contact.email')} hint={t('transcript.hint')} error={error.value}>
          {(props) => <input {...props} type="email" required dir="ltr" autofocus value={address} onInput={(event) => void (address.value = event.currentTarget.value)} />}
        </Field>
        <div class="dialog-actions">
          <Button onClick={onClose}>{t('common.cancel')}</Button>
          <Button type="submit" tone="primary" disabled={isBusy.value}>{t('composer.send')}</Button>
        </div>
      </form>
    </Dialog>
  )
}

export function MailTranscript({ conversation, email }: { conversation: Id; email: string | null }) {
  const isOpen = useSignal(false)
  return (
    <>
      <button type="button" class="context-download link-button" onClick={() => void (isOpen.value = true)}><Icon name="send" size={15} /> {t('transcript.mail')}</button>
      {isOpen.value ? <MailDialog conversation={conversation} email={email} onClose={() => void (isOpen.value = false)} /> : null}
    </>
  )
}
