// The editor of the menu that callers hear: an object in, an object out. What is wrong stands at its field, also what the server said of it.
import { useSignal } from '@preact/signals'
import { Icon } from '../../../ui/icon'
import { Field, Switch } from '../../../ui/parts'
import { nt } from '../../../lib/network_words'
import { EditingPlace } from './bits'
import { Holidays, Hours } from './hours'
import { Languages } from './languages'
import { Menus, Writing } from './menus'
import { faultsOf, isObject, objectAt, placeOf, tagsOf, withMember, type Json } from './model'

function AsJson({ ivr, onChange }: { ivr: Json; onChange: (next: Json) => void }) {
  const text = useSignal<string | null>(null)
  const isWrong = useSignal(false)
  const take = (next: string): void => {
    text.value = next
    try {
      const value: unknown = JSON.parse(next)
      isWrong.value = !isObject(value)
      if (isObject(value)) onChange(value)
    } catch {
      isWrong.value = true
    }
  }
  return (
    <details class="ivr-more">
      <summary>{nt('ivr.json')}</summary>
      <Field label={nt('ivr.json')} error={isWrong.value ? nt('ivr.json_wrong') : null}>
        {(props) => <textarea {...props} class="network-json" rows={12} dir="ltr" spellcheck={false} value={text.value ?? JSON.stringify(ivr, null, 2)} onInput={(event) => take(event.currentTarget.value)} onBlur={() => { if (!isWrong.peek()) text.value = null }} />}
      </Field>
    </details>
  )
}

function Missed({ ivr, onChange }: { ivr: Json; onChange: (next: Json) => void }) {
  const isOn = isObject(ivr['missed_call'])
  return (
    <fieldset class="ivr-group">
      <legend>{nt('ivr.missed')}</legend>
      <Switch label={nt('ivr.missed_on')} checked={isOn} onChange={(on) => onChange(withMember(ivr, 'missed_call', on ? {} : undefined))} />
      {isOn ? <Writing value={objectAt(ivr, 'missed_call')} place="missed_call" onChange={(next) => onChange({ ...ivr, missed_call: next })} /> : null}
    </fieldset>
  )
}

export function IvrEditor({ ivr, note, error, onChange }: { ivr: Json; note: string | null; error: string | null; onChange: (next: Json) => void }) {
  const faults = new Map<string, string>(faultsOf(ivr).map((one) => [one.place, nt(one.key)]))
  const place = note ? placeOf(ivr, note) : ''
  if (note && place && !faults.has(place)) faults.set(place, note)
  return (
    <EditingPlace value={{ ivr, change: onChange, tags: tagsOf(ivr), faults }}>
      <div class="ivr">
        {error ? <p class="form-error" role="alert">{error}</p> : null}
        <p class="ivr-faults" role="status">{faults.size ? <><Icon name="alert" size={15} /> {nt('ivr.faults', { count: faults.size })}</> : null}</p>
        <Languages />
        <Hours />
        <Holidays />
        <Menus />
        <Missed ivr={ivr} onChange={onChange} />
        <Switch label={nt('ivr.transcribe')} checked={ivr['transcribe'] === true} onChange={(on) => onChange(withMember(ivr, 'transcribe', on ? true : undefined))} />
        <AsJson ivr={ivr} onChange={onChange} />
      </div>
    </EditingPlace>
  )
}
