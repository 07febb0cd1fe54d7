// The page behind an invitation or a reset link: choose a password (and, when invited, a name) and be signed in.
import { useSignal } from '@preact/signals'
import { useEffect } from 'preact/hooks'
import { ApiError, get, post } from '../lib/api'
import { t } from '../lib/i18n'
import { go } from '../lib/router'
import type { Session } from '../lib/types'
import { Button, Field, Problem, Spinner } from '../ui/parts'
import { enter } from '../state/session'
import { errorText } from '../state/toasts'
import { Door } from './sign_in'
import type { Link } from '../../shared/api/types'

export const MIN_PASSWORD = 8

export function LinkPage({ token }: { token: string }) {
  const link = useSignal<Link | null>(null)
  const problem = useSignal<string | null>(null)
  const name = useSignal('')
  const password = useSignal('')
  const again = useSignal('')
  const error = useSignal<{ field: string | null; text: string } | null>(null)
  const isBusy = useSignal(false)

  useEffect(() => {
    get<Link>('/links/' + encodeURIComponent(token)).then(
      (found) => void (link.value = found),
      (cause: unknown) => void (problem.value = cause instanceof ApiError && cause.status >= 400 && cause.status < 429 ? t('link.dead') : errorText(cause)),
    )
  }, [token])

  const submit = async (): Promise<void> => {
    error.value = null
    if (password.value.length < MIN_PASSWORD) {
      error.value = { field: 'password', text: t('link.too_short', { count: MIN_PASSWORD }) }
      return
    }
    if (password.value !== again.value) {
      error.value = { field: 'again', text: t('link.differs') }
      return
    }
    isBusy.value = true
    try {
      const session = await post<Session>('/links/' + encodeURIComponent(token), { password: password.value, ...(link.value?.needs_name ? { name: name.value.trim() } : {}) })
      go('/inbox/all')
      await enter(session)
    } catch (cause) {
      error.value = { field: cause instanceof ApiError ? cause.field : null, text: errorText(cause) }
    } finally {
      isBusy.value = false
    }
  }

  const found = link.value
  if (problem.value) {
    return (
      <Door title={t('link.title')}>
        <Problem text={problem.value} />
        <Button onClick={() => go('/inbox/all')}>{t('link.to_sign_in')}</Button>
      </Door>
    )
  }
  if (!found) return <div class="door"><Spinner /></div>
  const fieldError = (field: string): string | null => (error.value?.field === field ? error.value.text : null)
  return (
    <Door title={found.purpose === 'invitation' ? t('link.invitation', { account: found.account_name }) : t('link.reset')}>
      <p class="door-note" dir="ltr">{found.email}</p>
      <form onSubmit={(event) => { event.preventDefault(); void submit() }}>
        <input type="email" name="username" autocomplete="username" value={found.email} hidden readOnly />
        {found.needs_name ? (
          <Field label={t('profile.name')} error={fieldError('name')}>
            {(props) => <input {...props} type="text" autocomplete="name" required dir="auto" value={name} onInput={(event) => void (name.value = event.currentTarget.value)} />}
          </Field>
        ) : null}
        <Field label={t('link.password')} hint={t('link.password_hint', { count: MIN_PASSWORD })} error={fieldError('password')}>
          {(props) => <input {...props} type="password" autocomplete="new-password" required dir="ltr" value={password} onInput={(event) => void (password.value = event.currentTarget.value)} />}
        </Field>
        <Field label={t('link.again')} error={fieldError('again')}>
          {(props) => <input {...props} type="password" autocomplete="new-password" required dir="ltr" value={again} onInput={(event) => void (again.value = event.currentTarget.value)} />}
        </Field>
        <p class="form-error" role="alert">{error.value && !['name', 'password', 'again'].includes(error.value.field ?? '') ? error.value.text : null}</p>
        <Button type="submit" tone="primary" class="door-submit" disabled={isBusy.value}>{t('link.save')}</Button>
      </form>
    </Door>
  )
}
