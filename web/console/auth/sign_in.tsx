// The door: mail and password, then the second factor and the account when the server asks for them.
import { useSignal } from '@preact/signals'
import { useLayoutEffect, useRef } from 'preact/hooks'
import { ApiError } from '../lib/api'
import { consoleLocales, locale, setLocale, t } from '../lib/i18n'
import { languageName } from '../lib/format'
import { Button, Field, Words } from '../ui/parts'
import { signIn, wasSignedOut } from '../state/session'
import { errorText } from '../state/toasts'

export function LocaleChoice() {
  return (
    <div class="door-locales" role="group" aria-label={t('door.language')}>
      {consoleLocales.map((name) => (
        <button key={name} type="button" lang={name} aria-pressed={locale.value === name} onClick={() => void setLocale(name)}>
          {new Intl.DisplayNames([name], { type: 'language' }).of(name) ?? languageName(name)}
        </button>
      ))}
    </div>
  )
}

export function Door({ title, children }: { title: string; children: preact.ComponentChildren }) {
  return (
    <main class="door" id="main">
      <div class="door-card">
        <img src="/app/icon.svg" alt="" width="40" height="40" />
        <h1>{title}</h1>
        {children}
      </div>
      <LocaleChoice />
    </main>
  )
}

export function SignIn() {
  const email = useSignal('')
  const password = useSignal('')
  const code = useSignal('')
  const step = useSignal<'password' | 'code' | 'account'>('password')
  const choices = useSignal<{ id: string; name: string }[]>([])
  const error = useSignal<string | null>(null)
  const isBusy = useSignal(false)
  const form = useRef<HTMLFormElement>(null)

  // Before the paint: who types at once types into the field.
  useLayoutEffect(() => {
    form.current?.querySelector<HTMLElement>('input, button')?.focus()
  }, [step.value])

  const submit = async (account?: string): Promise<void> => {
    if (isBusy.value) return
    isBusy.value = true
    error.value = null
    try {
      await signIn({ email: email.value.trim(), password: password.value, ...(code.value ? { code: code.value.trim() } : {}), ...(account ? { account_id: account } : {}) })
    } catch (cause) {
      if (cause instanceof ApiError && cause.code === 'unauthenticated.second_factor_required') {
        if (step.value === 'code' && code.value) error.value = t('door.wrong_code')
        step.value = 'code'
      } else if (cause instanceof ApiError && cause.code === 'conflict.choose_account') {
        choices.value = cause.body.choices ?? []
        step.value = 'account'
      } else if (cause instanceof ApiError && cause.status === 401) error.value = step.value === 'code' ? t('door.wrong_code') : t('door.wrong')
      else error.value = errorText(cause)
    } finally {
      isBusy.value = false
    }
  }

  return (
    <Door title={t('door.title')}>
      {wasSignedOut.value ? <p class="door-note">{t('door.signed_out')}</p> : null}
      <form
        ref={form}
        onSubmit={(event) => {
          event.preventDefault()
          void submit()
        }}
      >
        {step.value === 'account' ? (
          <ul class="door-accounts">
            {choices.value.map((one) => (
              <li key={one.id}>
                <Button onClick={() => void submit(one.id)}>
                  <Words text={one.name} />
                </Button>
              </li>
            ))}
          </ul>
        ) : null}
        {step.value === 'password' ? (
          <>
            <Field label={t('door.email')}>
              {(props) => <input {...props} type="email" autocomplete="username" required dir="ltr" value={email} onInput={(event) => void (email.value = event.currentTarget.value)} />}
            </Field>
            <Field label={t('door.password')}>
              {(props) => <input {...props} type="password" autocomplete="current-password" required dir="ltr" value={password} onInput={(event) => void (password.value = event.currentTarget.value)} />}
            </Field>
          </>
        ) : null}
        {step.value === 'code' ? (
          <Field label={t('door.code')} hint={t('door.code_hint')}>
            {(props) => <input {...props} type="text" inputMode="text" autocomplete="one-time-code" required dir="ltr" value={code} onInput={(event) => void (code.value = event.currentTarget.value)} />}
          </Field>
        ) : null}
        <p class="form-error" role="alert">
          {error.value}
        </p>
        {step.value !== 'account' ? (
          <Button type="submit" tone="primary" class="door-submit" disabled={isBusy.value}>
            {step.value === 'code' ? t('door.continue') : t('door.sign_in')}
          </Button>
        ) : null}
      </form>
      <p class="door-hint">{t('door.forgot')}</p>
    </Door>
  )
}
