// The door: mail and password, then the second factor and the account when the server asks for them.
import { useSignal } from '@preact/signals'
import { useLayoutEffect, useRef } from 'preact/hooks'
import { ApiError } from '../lib/api'
import { consoleLocales, locale, setLocale, t } from '../lib/i18n'
import { languageName } from '../lib/format'
import { Button, Field, Words } from '../ui/parts'
import { signIn, wasSignedOut } from '../state/session'
import { errorText } from '../state/toasts'
import { lazyPart } from '../ui/lazy'

const Forgot = lazyPart(() => import('./forgot').then((module) => module.Forgot))
const ForgotForm = lazyPart(() => import('./forgot').then((module) => module.ForgotForm))

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

type Step = 'password' | 'code' | 'account'

/** What was filled in, which question the server asks next, and how the last try ended. */
function useSignIn() {
  const email = useSignal('')
  const password = useSignal('')
  const code = useSignal('')
  const step = useSignal<Step>('password')
  const choices = useSignal<{ id: string; name: string }[]>([])
  const error = useSignal<string | null>(null)
  const isBusy = useSignal(false)

  const refuse = (cause: unknown): void => {
    const wrongCode = step.value === 'code' && code.value ? t('door.wrong_code') : null
    if (!(cause instanceof ApiError)) error.value = errorText(cause)
    else if (cause.code === 'unauthenticated.second_factor_required') {
      error.value = wrongCode
      step.value = 'code'
    } else if (cause.code === 'conflict.choose_account') {
      choices.value = cause.body.choices ?? []
      step.value = 'account'
    } else if (cause.status === 401) error.value = step.value === 'code' ? t('door.wrong_code') : t('door.wrong')
    else error.value = errorText(cause)
  }
  const submit = async (account?: string): Promise<void> => {
    if (isBusy.value) return
    isBusy.value = true
    error.value = null
    try {
      await signIn({ email: email.value.trim(), password: password.value, ...(code.value ? { code: code.value.trim() } : {}), ...(account ? { account_id: account } : {}) })
    } catch (cause) {
      refuse(cause)
    } finally {
      isBusy.value = false
    }
  }
  return { email, password, code, step, choices, error, isBusy, submit }
}

type Asked = ReturnType<typeof useSignIn>

function Accounts({ choices, submit }: Pick<Asked, 'choices' | 'submit'>) {
  return (
    <ul class="door-accounts">
      {choices.value.map((one) => (
        <li key={one.id}>
          <Button onClick={() => void submit(one.id)}>
            <Words text={one.name} />
          </Button>
        </li>
      ))}
    </ul>
  )
}

function Credentials({ email, password }: Pick<Asked, 'email' | 'password'>) {
  return (
    <>
      <Field label={t('door.email')}>
        {(props) => <input {...props} type="email" autocomplete="username" required dir="ltr" value={email} onInput={(event) => void (email.value = event.currentTarget.value)} />}
      </Field>
      <Field label={t('door.password')}>
        {(props) => <input {...props} type="password" autocomplete="current-password" required dir="ltr" value={password} onInput={(event) => void (password.value = event.currentTarget.value)} />}
      </Field>
    </>
  )
}

function SecondFactor({ code }: Pick<Asked, 'code'>) {
  return (
    <Field label={t('door.code')} hint={t('door.code_hint')}>
      {(props) => <input {...props} type="text" inputMode="text" autocomplete="one-time-code" required dir="ltr" value={code} onInput={(event) => void (code.value = event.currentTarget.value)} />}
    </Field>
  )
}

export function SignIn() {
  const asked = useSignIn()
  const step = asked.step.value
  const form = useRef<HTMLFormElement>(null)
  const hasForgotten = useSignal(false)

  // Before the paint: who types at once types into the field.
  useLayoutEffect(() => {
    form.current?.querySelector<HTMLElement>('input, button')?.focus()
  }, [step])

  if (hasForgotten.value) return <Door title={t('door.forgot_title')}><ForgotForm first={asked.email.value} onBack={() => void (hasForgotten.value = false)} /></Door>
  return (
    <Door title={t('door.title')}>
      {wasSignedOut.value ? <p class="door-note">{t('door.signed_out')}</p> : null}
      <form
        ref={form}
        onSubmit={(event) => {
          event.preventDefault()
          void asked.submit()
        }}
      >
        {step === 'account' ? <Accounts choices={asked.choices} submit={asked.submit} /> : null}
        {step === 'password' ? <Credentials email={asked.email} password={asked.password} /> : null}
        {step === 'code' ? <SecondFactor code={asked.code} /> : null}
        <p class="form-error" role="alert">
          {asked.error.value}
        </p>
        {step !== 'account' ? (
          <Button type="submit" tone="primary" class="door-submit" disabled={asked.isBusy.value}>
            {step === 'code' ? t('door.continue') : t('door.sign_in')}
          </Button>
        ) : null}
      </form>
      <Forgot onAsk={() => void (hasForgotten.value = true)} />
    </Door>
  )
}
