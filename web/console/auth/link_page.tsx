// The page behind an invitation or a reset link: choose a password (and, when invited, a name) and be signed in.
import { useSignal, type Signal } from '@preact/signals'
import { useEffect } from 'preact/hooks'
import { ApiError, get, post } from '../lib/api'
import { t } from '../lib/i18n'
import { BASE, go } from '../lib/router'
import type { Session } from '../lib/types'
import { Button, Field, Problem, Spinner } from '../ui/parts'
import { door, enter } from '../state/session'
import { errorText } from '../state/toasts'
import { Door } from './sign_in'
import type { Link } from '../../shared/api/types'

export const MIN_PASSWORD = 8

interface Refusal { field: string | null; text: string }

/** What the link leads to; null while the server is asked. */
function useLink(token: string) {
  const link = useSignal<Link | null>(null)
  const problem = useSignal<string | null>(null)
  useEffect(() => {
    get<Link>('/links/' + encodeURIComponent(token)).then(
      (found) => void (link.value = found),
      (cause: unknown) => void (problem.value = cause instanceof ApiError && cause.status >= 400 && cause.status < 429 ? t('link.dead') : errorText(cause)),
    )
  }, [token])
  return { link: link.value, problem: problem.value }
}

/** What is filled in and the try to be let in with it. */
function useEntry(token: string, needsName: boolean) {
  const name = useSignal('')
  const password = useSignal('')
  const again = useSignal('')
  const error = useSignal<Refusal | null>(null)
  const isBusy = useSignal(false)
  const check = (): Refusal | null => {
    if (password.value.length < MIN_PASSWORD) return { field: 'password', text: t('link.too_short', { count: MIN_PASSWORD }) }
    return password.value === again.value ? null : { field: 'again', text: t('link.differs') }
  }
  const submit = async (): Promise<void> => {
    error.value = check()
    if (error.value) return
    isBusy.value = true
    try {
      const session = await post<Session>('/links/' + encodeURIComponent(token), { password: password.value, ...(needsName ? { name: name.value.trim() } : {}) })
      // Whoever was signed in here before leaves nothing in the page.
      if (door.peek() === 'in') return location.assign(BASE + '/inbox/all')
      go('/inbox/all')
      await enter(session)
    } catch (cause) {
      error.value = { field: cause instanceof ApiError ? cause.field : null, text: errorText(cause) }
    } finally {
      isBusy.value = false
    }
  }
  return { name, password, again, error, isBusy, submit }
}

function NewPassword({ label, hint, value, error }: { label: string; hint?: string; value: Signal<string>; error: string | null }) {
  return (
    <Field label={label} hint={hint} error={error}>
      {(props) => <input {...props} type="password" autocomplete="new-password" required dir="ltr" value={value} onInput={(event) => void (value.value = event.currentTarget.value)} />}
    </Field>
  )
}

const FIELDS: readonly (string | null)[] = ['name', 'password', 'again']

function LinkForm({ link, token }: { link: Link; token: string }) {
  const { name, password, again, error, isBusy, submit } = useEntry(token, link.needs_name)
  const refusal = error.value
  const of = (field: string): string | null => (refusal?.field === field ? refusal.text : null)
  return (
    <form onSubmit={(event) => { event.preventDefault(); void submit() }}>
      <input type="email" name="username" autocomplete="username" value={link.email} hidden readOnly />
      {link.needs_name ? (
        <Field label={t('profile.name')} error={of('name')}>
          {(props) => <input {...props} type="text" autocomplete="name" required dir="auto" value={name} onInput={(event) => void (name.value = event.currentTarget.value)} />}
        </Field>
      ) : null}
      <NewPassword label={t('link.password')} hint={t('link.password_hint', { count: MIN_PASSWORD })} value={password} error={of('password')} />
      <NewPassword label={t('link.again')} value={again} error={of('again')} />
      <p class="form-error" role="alert">{refusal && !FIELDS.includes(refusal.field) ? refusal.text : null}</p>
      <Button type="submit" tone="primary" class="door-submit" disabled={isBusy.value}>{t('link.save')}</Button>
    </form>
  )
}

export function LinkPage({ token }: { token: string }) {
  const { link, problem } = useLink(token)
  if (problem) {
    return (
      <Door title={t('link.title')}>
        <Problem text={problem} />
        <Button onClick={() => go('/inbox/all')}>{t('link.to_sign_in')}</Button>
      </Door>
    )
  }
  if (!link) return <div class="door"><Spinner /></div>
  return (
    <Door title={link.purpose === 'invitation' ? t('link.invitation', { account: link.account_name }) : t('link.reset')}>
      <p class="door-note" dir="ltr">{link.email}</p>
      <LinkForm link={link} token={token} />
    </Door>
  )
}
