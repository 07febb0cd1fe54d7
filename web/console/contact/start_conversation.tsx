// Writing first: a new conversation on a channel whose network lets us: API channels, and networks that go by phone numbers.
import { useSignal } from '@preact/signals'
import type { FunctionComponent } from 'preact'
import { useEffect, useState } from 'preact/hooks'
import { Button, Dialog, Field, Problem, Spinner } from '../ui/parts'
import { post } from '../lib/api'
import { uuid } from '../lib/ids'
import { t } from '../lib/i18n'
import { goesByPhone, mayBegin } from '../lib/network_types'
import { go, inboxPath, route } from '../lib/router'
import type { Channel, Contact, Conversation, Id } from '../lib/types'
import { Templates } from '../conversation/template_picker'
import { contactName } from '../inbox/row'
import { closeOverlay } from '../state/overlays'
import { channels, contacts, putConversation } from '../state/store'
import { errorText } from '../state/toasts'

interface MailProps { channel: Id; known: Contact | undefined }

/** The network takes no text from us before the customer has written. */
const wantsTemplate = (kind: Channel['kind'] | undefined): boolean => kind === 'whatsapp'

const newMail = (): Promise<FunctionComponent<MailProps>> => import('../mail/new_mail').then((module) => module.NewMail)

/** What writes mails is fetched when a mailbox is chosen. */
function Lazily({ load, ...props }: MailProps & { load: typeof newMail }) {
  const [View, setView] = useState<{ View: FunctionComponent<MailProps> } | null>(null)
  const [hasFailed, setFailed] = useState(false)
  useEffect(() => {
    load().then((found) => setView({ View: found }), () => setFailed(true))
  }, [load])
  return View ? <View.View {...props} /> : hasFailed ? <Problem text={t('error.chunk')} onRetry={() => location.reload()} /> : <Spinner />
}

export function StartConversation() {
  const usable = channels.value.filter(mayBegin)
  const current = route.value
  const known = current.page === 'contacts' && current.contact ? contacts.get(current.contact) : undefined
  const channel = useSignal(usable[0]?.id ?? '')
  const name = useSignal('')
  const email = useSignal('')
  const phone = useSignal(known?.phone ?? '')
  const text = useSignal('')
  const error = useSignal<string | null>(null)
  const key = useSignal(uuid())
  const kind = usable.find((one) => one.id === channel.value)?.kind
  const byPhone = goesByPhone(kind)
  const isMailbox = kind === 'email'
  const whom = (): Record<string, unknown> => {
    const given = { name: name.peek().trim(), email: byPhone ? '' : email.peek().trim(), phone: byPhone ? phone.peek().trim() : '' }
    if (known) return { contact_id: known.id, ...(byPhone && !known.phone ? { contact: { external_id: given.phone } } : {}) }
    return { contact: Object.fromEntries(Object.entries(given).filter(([, value]) => value)) }
  }
  const send = async (what: { text: string } | { parts: unknown[] }): Promise<void> => {
    try {
      const one = await post<Conversation>('/conversations', { channel_id: channel.value, ...whom(), ...what }, key.value)
      putConversation(one)
      closeOverlay()
      go(inboxPath('all', one.id))
    } catch (cause) {
      error.value = errorText(cause)
      key.value = uuid()
    }
  }
  return (
    <Dialog label={t('start.title')} onClose={closeOverlay} class={isMailbox ? 'dialog-mail' : 'dialog-small'}>
      <h2>{t('start.title')}</h2>
      <form onSubmit={(event) => { event.preventDefault(); if (!wantsTemplate(kind) && !isMailbox) void send({ text: text.value.trim() }) }}>
        <Field label={t('filter.channel')}>
          {(props) => <select {...props} value={channel.value} onChange={(event) => void (channel.value = event.currentTarget.value)}>{usable.map((one) => <option key={one.id} value={one.id}>{one.name}</option>)}</select>}
        </Field>
        {isMailbox ? null : known ? <p class="dialog-hint">{t('start.to', { name: contactName(known) })}</p> : (
          <Field label={t('contact.name')}>{(props) => <input {...props} type="text" required={!byPhone} dir="auto" value={name} onInput={(event) => void (name.value = event.currentTarget.value)} />}</Field>
        )}
        {isMailbox ? null : byPhone ? (
          <Field label={t('contact.phone')}>{(props) => <input {...props} type="tel" required dir="ltr" placeholder="+15550001111" disabled={!!known?.phone} value={phone} onInput={(event) => void (phone.value = event.currentTarget.value)} />}</Field>
        ) : known ? null : (
          <Field label={t('contact.email')}>{(props) => <input {...props} type="email" dir="ltr" value={email} onInput={(event) => void (email.value = event.currentTarget.value)} />}</Field>
        )}
        {wantsTemplate(kind) || isMailbox ? null : (
          <>
            <Field label={t('start.text')} error={error.value}>{(props) => <textarea {...props} required rows={4} dir="auto" value={text} onInput={(event) => void (text.value = event.currentTarget.value)} />}</Field>
            <div class="dialog-actions">
              <Button onClick={closeOverlay}>{t('common.cancel')}</Button>
              <Button type="submit" tone="primary">{t('composer.send')}</Button>
            </div>
          </>
        )}
      </form>
      {isMailbox ? <Lazily load={newMail} channel={channel.value} known={known} /> : null}
      {wantsTemplate(kind) ? (
        <section aria-label={t('template.choose')}>
          {error.value ? <p class="field-error" role="alert">{error.value}</p> : null}
          <Templates key={channel.value} channel={channel.value} onSend={(part) => void send({ parts: [part] })} onCancel={closeOverlay} />
        </section>
      ) : null}
    </Dialog>
  )
}
