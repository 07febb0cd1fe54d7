// Writing first: a new conversation on an API channel.
import { useSignal } from '@preact/signals'
import { Button, Dialog, Field } from '../ui/parts'
import { post } from '../lib/api'
import { uuid } from '../lib/ids'
import { t } from '../lib/i18n'
import { go, inboxPath, route } from '../lib/router'
import type { Conversation } from '../lib/types'
import { contactName } from '../inbox/row'
import { closeOverlay } from '../state/overlays'
import { channels, contacts, putConversation } from '../state/store'
import { errorText } from '../state/toasts'

export function StartConversation() {
  const usable = channels.value.filter((one) => one.kind === 'api' && one.is_enabled)
  const current = route.value
  const known = current.page === 'contacts' && current.contact ? contacts.get(current.contact) : undefined
  const channel = useSignal(usable[0]?.id ?? '')
  const name = useSignal('')
  const email = useSignal('')
  const text = useSignal('')
  const error = useSignal<string | null>(null)
  const key = useSignal(uuid())
  const send = async (): Promise<void> => {
    try {
      const whom = known ? { contact_id: known.id } : { contact: { name: name.value.trim(), ...(email.value.trim() ? { email: email.value.trim() } : {}) } }
      const one = await post<Conversation>('/conversations', { channel_id: channel.value, ...whom, text: text.value.trim() }, key.value)
      putConversation(one)
      closeOverlay()
      go(inboxPath('all', one.id))
    } catch (cause) {
      error.value = errorText(cause)
      key.value = uuid()
    }
  }
  return (
    <Dialog label={t('start.title')} onClose={closeOverlay} class="dialog-small">
      <h2>{t('start.title')}</h2>
      <form onSubmit={(event) => { event.preventDefault(); void send() }}>
        <Field label={t('filter.channel')}>
          {(props) => <select {...props} value={channel.value} onChange={(event) => void (channel.value = event.currentTarget.value)}>{usable.map((one) => <option key={one.id} value={one.id}>{one.name}</option>)}</select>}
        </Field>
        {known ? <p class="dialog-hint">{t('start.to', { name: contactName(known.name) })}</p> : (
          <>
            <Field label={t('contact.name')}>{(props) => <input {...props} type="text" required dir="auto" value={name} onInput={(event) => void (name.value = event.currentTarget.value)} />}</Field>
            <Field label={t('contact.email')}>{(props) => <input {...props} type="email" dir="ltr" value={email} onInput={(event) => void (email.value = event.currentTarget.value)} />}</Field>
          </>
        )}
        <Field label={t('start.text')} error={error.value}>{(props) => <textarea {...props} required rows={4} dir="auto" value={text} onInput={(event) => void (text.value = event.currentTarget.value)} />}</Field>
        <div class="dialog-actions">
          <Button onClick={closeOverlay}>{t('common.cancel')}</Button>
          <Button type="submit" tone="primary">{t('composer.send')}</Button>
        </div>
      </form>
    </Dialog>
  )
}
