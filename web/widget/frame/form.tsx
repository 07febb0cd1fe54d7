// The form before the first message: the fields the channel asks for and the consent, checked here with
// words beside the field and again by the server.
import { useState } from 'preact/hooks'
import { ApiError } from './api'
import { sendForm } from './chat'
import { config, session, t } from './state'
import type { FormField } from './types'
import { Languages } from './header'

const AUTOCOMPLETE: Record<string, string> = { name: 'name', email: 'email', phone: 'tel' }

function labelOf(field: FormField): string {
  if (field.label) return field.label
  if (field.key === 'name') return t('prechat.name')
  if (field.key === 'email') return t('prechat.email')
  return field.key === 'phone' ? t('prechat.phone') : field.key
}

export function Form() {
  const form = config.value?.settings.prechat
  const contact = session.value?.contact
  // What a signed identity already told is not asked again.
  const known: Record<string, string | null | undefined> = { name: contact?.name, email: contact?.email }
  const fields = form?.enabled ? (form.fields ?? []).filter((field) => !known[field.key]) : []
  const [values, setValues] = useState<Record<string, string>>({})
  const [consent, setConsent] = useState(false)
  const [errors, setErrors] = useState<Record<string, string>>({})
  const [isBusy, setBusy] = useState(false)

  const check = () => {
    const found: Record<string, string> = {}
    for (const field of fields) {
      const value = (values[field.key] ?? '').trim()
      if (field.required && !value) found[field.key] = t('prechat.required')
      else if (value && field.type === 'email' && !/^[^\s@]+@[^\s@]+\.[^\s@]+$/.test(value)) found[field.key] = t('prechat.bad.email')
    }
    if (form?.consent_text && !consent) found['consent'] = t('prechat.consent.required')
    return found
  }
  const submit = async (event: SubmitEvent) => {
    event.preventDefault()
    const found = check()
    setErrors(found)
    const first = Object.keys(found)[0]
    if (first) return document.getElementById(`field-${first}`)?.focus()
    setBusy(true)
    try {
      const filled = fields.map((field) => [field.key, (values[field.key] ?? '').trim()]).filter(([, value]) => value)
      await sendForm(Object.fromEntries(filled) as Record<string, string>, consent)
    } catch (error) {
      const at = error instanceof ApiError && error.field ? error.field.replace(/^fields\./, '') : ''
      setErrors({ [fields.some((field) => field.key === at) ? at : 'form']: (error instanceof ApiError && error.message) || t('error.form') })
      setBusy(false)
    }
  }
  const set = (key: string) => (event: Event) => setValues({ ...values, [key]: (event.currentTarget as HTMLInputElement).value })

  return (
    <main class="form-place">
      <form class="form" noValidate onSubmit={(event) => void submit(event)}>
        {config.value?.settings.greeting && <p class="greeting" dir="auto">{config.value.settings.greeting}</p>}
        <h2>{t('prechat.title')}</h2>
        {fields.map((field) => {
          const id = `field-${field.key}`
          const error = errors[field.key]
          const rest = {
            id,
            name: field.key,
            required: field.required,
            'aria-invalid': error ? true : undefined,
            'aria-describedby': error ? `${id}-error` : undefined,
            value: values[field.key] ?? '',
            onInput: set(field.key),
            autoComplete: AUTOCOMPLETE[field.key] ?? 'off',
          }
          return (
            <div class="field" key={field.key}>
              <label for={id}><bdi>{labelOf(field)}</bdi> {!field.required && <small>{t('prechat.optional')}</small>}</label>
              {field.type === 'select' ? (
                <select {...rest}>
                  <option value="">{t('prechat.choose')}</option>
                  {field.options?.map((option) => <option key={option} value={option}>{option}</option>)}
                </select>
              ) : field.type === 'textarea' ? <textarea rows={3} dir="auto" maxLength={2000} {...rest} /> : <input type={field.type} dir={field.type === 'text' ? 'auto' : 'ltr'} maxLength={200} {...rest} />}
              {error && <p class="error" id={`${id}-error`}>{error}</p>}
            </div>
          )
        })}
        {form?.consent_text && (
          <div class="field">
            <label class="consent">
              <input id="field-consent" type="checkbox" checked={consent} aria-invalid={errors['consent'] ? true : undefined} aria-describedby={errors['consent'] ? 'field-consent-error' : undefined} onChange={(event) => setConsent(event.currentTarget.checked)} />
              <span dir="auto">{form.consent_text}</span>
            </label>
            {errors['consent'] && <p class="error" id="field-consent-error">{errors['consent']}</p>}
          </div>
        )}
        {form?.privacy_url && /^https?:/.test(form.privacy_url) && <a href={form.privacy_url} target="_blank" rel="noopener noreferrer">{t('prechat.privacy')}</a>}
        {errors['form'] && <p class="error" role="alert">{errors['form']}</p>}
        <button class="primary" disabled={isBusy}>{t('prechat.start')}</button>
        <Languages />
      </form>
    </main>
  )
}
