// A forgotten password: a link by mail where mails go out, else whom to ask. The answer is the same whatever the address.
import { useSignal } from '@preact/signals'
import { useEffect } from 'preact/hooks'
import { get, post } from '../lib/api'
import { t } from '../lib/i18n'
import { Button, Field } from '../ui/parts'
import { errorText } from '../state/toasts'
import type { PasswordResetWay } from '../../shared/api/types'

/** Whether resets go by mail; until the server has said so, people are asked. */
function useWay(): boolean {
  const isByMail = useSignal(false)
  useEffect(() => {
    get<PasswordResetWay>('/password-resets').then((way) => void (isByMail.value = way.by_mail), () => undefined)
  }, [])
  return isByMail.value
}

export function Forgot({ onAsk }: { onAsk: () => void }) {
  if (!useWay()) return <p class="door-hint">{t('door.forgot')}</p>
  return <p class="door-hint"><button type="button" class="link-button" onClick={onAsk}>{t('door.forgot_ask')}</button></p>
}

export function ForgotForm({ first, onBack }: { first: string; onBack: () => void }) {
  const email = useSignal(first)
  const error = useSignal<string | null>(null)
  const isDone = useSignal(false)
  const isBusy = useSignal(false)
  const send = async (): Promise<void> => {
    isBusy.value = true
    error.value = null
    try {
      await post('/password-resets', { email: email.peek().trim() })
      isDone.value = true
    } catch (cause) {
      error.value = errorText(cause)
    } finally {
      isBusy.value = false
    }
  }
  return (
    <>
      {isDone.value ? <p class="door-note" role="status">{t('door.forgot_sent', { email: email.value.trim() })}</p> : (
        <form onSubmit={(event) => { event.preventDefault(); void send() }}>
          <Field label={t('door.email')} hint={t('door.forgot_hint')}>
            {(props) => <input {...props} type="email" autocomplete="username" required dir="ltr" autofocus value={email} onInput={(event) => void (email.value = event.currentTarget.value)} />}
          </Field>
          <p class="form-error" role="alert">{error.value}</p>
          <Button type="submit" tone="primary" class="door-submit" disabled={isBusy.value}>{t('door.forgot_send')}</Button>
        </form>
      )}
      <p class="door-hint"><button type="button" class="link-button" onClick={onBack}>{t('door.forgot_back')}</button></p>
    </>
  )
}
