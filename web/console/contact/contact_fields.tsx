// A contact's own fields, written in place: leaving a field or Enter saves it, Escape takes it back.
import { useSignal } from '@preact/signals'
import { useId } from 'preact/hooks'
import { t, type PlainKey } from '../lib/i18n'
import type { Contact } from '../lib/types'
import { can } from '../state/store'
import { errorText, toast } from '../state/toasts'
import { pushUndo } from '../state/undo'
import { CallButton } from '../calls/call_button'
import { saveContact } from './save'
import { lazyPart } from '../ui/lazy'

const CustomFields = lazyPart(() => import('./custom_fields').then((module) => module.CustomFields))

type FieldName = 'name' | 'email' | 'phone' | 'company' | 'location' | 'note'
const FIELDS: readonly { name: FieldName; label: PlainKey; type: 'text' | 'email' | 'tel' | 'area'; isLtr?: boolean }[] = [
  { name: 'name', label: 'contact.name', type: 'text' },
  { name: 'email', label: 'contact.email', type: 'email', isLtr: true },
  { name: 'phone', label: 'contact.phone', type: 'tel', isLtr: true },
  { name: 'company', label: 'contact.company', type: 'text' },
  { name: 'location', label: 'contact.location', type: 'text' },
  { name: 'note', label: 'contact.note', type: 'area' },
]

function OneField({ contact, field }: { contact: Contact; field: (typeof FIELDS)[number] }) {
  const id = useId()
  const error = useSignal<string | null>(null)
  const value = contact[field.name] ?? ''
  const commit = (next: string): void => {
    const clean = next.trim()
    if (clean === value) return
    error.value = null
    saveContact(contact, { [field.name]: clean || null }).then(
      () => toast(t('done.saved'), { undoId: pushUndo(() => saveContact(contact, { [field.name]: value || null })) }),
      (cause: unknown) => void (error.value = errorText(cause)),
    )
  }
  const common = {
    id,
    disabled: !can('contact.update'),
    placeholder: t('contact.add'),
    dir: field.isLtr && value ? ('ltr' as const) : ('auto' as const),
    'aria-invalid': error.value !== null,
    onBlur: (event: { currentTarget: HTMLInputElement | HTMLTextAreaElement }) => commit(event.currentTarget.value),
    onKeyDown: (event: KeyboardEvent & { currentTarget: HTMLInputElement | HTMLTextAreaElement }) => {
      if (event.isComposing) return
      if (event.key === 'Escape') {
        event.stopPropagation()
        event.currentTarget.value = value
        event.currentTarget.blur()
      } else if (event.key === 'Enter' && field.type !== 'area') event.currentTarget.blur()
    },
  }
  return (
    <div class="inline-field">
      <label for={id}>{t(field.label)}</label>
      {field.type === 'area' ? <textarea {...common} key={value} rows={2} maxLength={4000} defaultValue={value} /> : <input {...common} key={value} type={field.type} maxLength={200} defaultValue={value} />}
      {field.type === 'tel' && value ? <CallButton number={value} contact={contact.id} /> : null}
      {error.value ? <span class="field-error" role="alert">{error.value}</span> : null}
    </div>
  )
}

export function ContactFields({ contact }: { contact: Contact }) {
  return (
    <>
      <section class="context-section" aria-label={t('contact.details')}>
        {FIELDS.map((field) => <OneField key={field.name + contact.id} contact={contact} field={field} />)}
      </section>
      <CustomFields contact={contact} />
    </>
  )
}
