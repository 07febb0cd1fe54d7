// Fields of one's own about a contact: read, changed, added and taken away in place. They are sent as one object, as the API keeps them.
import { useSignal } from '@preact/signals'
import { useId } from 'preact/hooks'
import { Button, IconButton } from '../ui/parts'
import { t } from '../lib/i18n'
import type { Contact } from '../lib/types'
import { can } from '../state/store'
import { errorText, toast } from '../state/toasts'
import { pushUndo } from '../state/undo'
import { saveContact } from './save'

export const asWords = (value: unknown): string => (value === null || value === undefined ? '' : typeof value === 'object' ? JSON.stringify(value) : String(value))

/** What somebody typed in the kind the field had: a number stays a number, yes and no stay a choice. */
export function likeBefore(text: string, before: unknown): unknown {
  if (typeof before === 'number' && text.trim() !== '' && Number.isFinite(Number(text))) return Number(text)
  if (typeof before === 'boolean' && (text === 'true' || text === 'false')) return text === 'true'
  return text
}

function OneCustom({ name, value, save, remove }: { name: string; value: unknown; save: (text: string) => void; remove: () => void }) {
  const id = useId()
  const text = asWords(value)
  const isFixed = !can('contact.update') || (typeof value === 'object' && value !== null)
  return (
    <div class="inline-field inline-custom">
      <label for={id} dir="auto">{name}</label>
      <input
        id={id}
        key={text}
        type="text"
        dir="auto"
        maxLength={1000}
        disabled={isFixed}
        defaultValue={text}
        onBlur={(event) => { if (event.currentTarget.value.trim() !== text) save(event.currentTarget.value.trim()) }}
        onKeyDown={(event) => {
          if (event.isComposing) return
          if (event.key === 'Enter') event.currentTarget.blur()
          else if (event.key === 'Escape') {
            event.stopPropagation()
            event.currentTarget.value = text
            event.currentTarget.blur()
          }
        }}
      />
      {can('contact.update') ? <IconButton icon="close" size={14} label={t('custom.remove', { name })} onClick={remove} /> : null}
    </div>
  )
}

function NewCustom({ taken, onAdd, onClose }: { taken: readonly string[]; onAdd: (name: string, text: string) => void; onClose: () => void }) {
  const name = useSignal('')
  const text = useSignal('')
  const isTaken = taken.includes(name.value.trim())
  return (
    <form
      class="custom-new"
      onSubmit={(event) => { event.preventDefault(); if (name.value.trim() && !isTaken) onAdd(name.value.trim(), text.value.trim()) }}
      onKeyDown={(event) => { if (event.key === 'Escape' && !event.isComposing) { event.stopPropagation(); onClose() } }}
    >
      <input type="text" dir="auto" required maxLength={80} autofocus aria-label={t('custom.name')} placeholder={t('custom.name')} aria-invalid={isTaken} value={name} onInput={(event) => void (name.value = event.currentTarget.value)} />
      <input type="text" dir="auto" maxLength={1000} aria-label={t('custom.value')} placeholder={t('custom.value')} value={text} onInput={(event) => void (text.value = event.currentTarget.value)} />
      {isTaken ? <span class="field-error" role="alert">{t('custom.taken')}</span> : null}
      <span class="custom-actions">
        <Button small onClick={onClose}>{t('common.cancel')}</Button>
        <Button small type="submit" tone="primary" disabled={isTaken}>{t('common.add')}</Button>
      </span>
    </form>
  )
}

export function CustomFields({ contact }: { contact: Contact }) {
  const isAdding = useSignal(false)
  const error = useSignal<string | null>(null)
  const all = contact.custom ?? {}
  const shown = Object.entries(all).filter(([, value]) => value !== null)
  const put = (next: Record<string, unknown>): void => {
    error.value = null
    saveContact(contact, { custom: next }).then(
      () => toast(t('done.saved'), { undoId: pushUndo(() => saveContact(contact, { custom: all })) }),
      (cause: unknown) => void (error.value = errorText(cause)),
    )
  }
  const without = (name: string): Record<string, unknown> => Object.fromEntries(Object.entries(all).filter(([key]) => key !== name))
  return (
    <section class="context-section" aria-label={t('custom.title')}>
      <h3>{t('custom.title')}</h3>
      {shown.map(([name, value]) => <OneCustom key={name} name={name} value={value} save={(text) => put({ ...all, [name]: likeBefore(text, value) })} remove={() => put(without(name))} />)}
      {error.value ? <p class="field-error" role="alert">{error.value}</p> : null}
      {shown.length === 0 && !isAdding.value && !can('contact.update') ? <p class="context-none">{t('custom.none')}</p> : null}
      {isAdding.value ? <NewCustom taken={shown.map(([name]) => name)} onAdd={(name, text) => { isAdding.value = false; put({ ...all, [name]: text }) }} onClose={() => void (isAdding.value = false)} /> : null}
      {can('contact.update') && !isAdding.value ? <button type="button" class="link-button" onClick={() => void (isAdding.value = true)}>{t('custom.add')}</button> : null}
    </section>
  )
}
