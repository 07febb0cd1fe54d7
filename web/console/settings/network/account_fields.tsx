// What a channel is called here and what its handle is there for: the same when it is made and later.
import type { Signal } from '@preact/signals'
import { Field } from '../../ui/parts'
import { t } from '../../lib/i18n'
import { nt } from '../../lib/network_words'

export type HandleRole = 'brand' | 'support' | null

export function RoleChoice({ role }: { role: Signal<HandleRole> }) {
  const options: { value: HandleRole; label: string; hint: string }[] = [
    { value: 'support', label: nt('role.support'), hint: nt('role.support_hint') },
    { value: 'brand', label: nt('role.brand'), hint: nt('role.brand_hint') },
    { value: null, label: nt('role.none'), hint: nt('role.none_hint') },
  ]
  return (
    <fieldset class="kinds">
      <legend>{nt('role.title')}</legend>
      {options.map((one) => (
        <label key={one.value ?? 'none'} class={role.value === one.value ? 'kind kind-on' : 'kind'}>
          <input type="radio" name="role" checked={role.value === one.value} onChange={() => void (role.value = one.value)} />
          <span><strong>{one.label}</strong><small>{one.hint}</small></span>
        </label>
      ))}
    </fieldset>
  )
}

/** Language tags with commas between. */
export const languagesOf = (text: string): string[] => text.split(/[\s,]+/).filter(Boolean)

export function NameAndLanguages({ name, languages }: { name: Signal<string>; languages: Signal<string> }) {
  return (
    <>
      <Field label={t('channels.name')}>{(props) => <input {...props} type="text" required maxLength={80} dir="auto" value={name} onInput={(event) => void (name.value = event.currentTarget.value)} />}</Field>
      <Field label={nt('languages.title')} hint={nt('languages.hint')}>{(props) => <input {...props} type="text" dir="ltr" placeholder="en, ar, bn" value={languages} onInput={(event) => void (languages.value = event.currentTarget.value)} />}</Field>
    </>
  )
}
