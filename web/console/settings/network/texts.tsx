// What a channel writes by itself, a subject and a text for each language; the one without a language is for everybody else.
import type { Signal } from '@preact/signals'
import { Button, Field } from '../../ui/parts'
import { languageName } from '../../lib/format'
import { nt } from '../../lib/network_words'
import type { NetworkSetting } from '../../lib/network_types'
import { settingName } from './words'
import { textsOf, type OwnText } from './own_texts'
import type { Written } from './written'

const MOST = 40
const PLACES = ['{{contact.name}}', '{{conversation.number}}'] as const

interface OneProps { one: OwnText; isFirst: boolean; onChange: (next: OwnText) => void; onRemove: () => void }

function One({ one, isFirst, onChange, onRemove }: OneProps) {
  const lang = one.language || undefined
  const title = one.language ? languageName(one.language) : nt('texts.for_all')
  return (
    <fieldset class="network-text">
      <legend>{title}</legend>
      {isFirst && !one.language ? null : <Field label={nt('texts.language')}>{(props) => <input {...props} type="text" dir="ltr" maxLength={35} pattern="[A-Za-z0-9\-]+" placeholder="de" autocomplete="off" value={one.language} onInput={(event) => onChange({ ...one, language: event.currentTarget.value.trim() })} />}</Field>}
      <Field label={nt('texts.subject')} hint={nt('texts.subject_hint')}>{(props) => <input {...props} type="text" dir="auto" lang={lang} maxLength={200} autocomplete="off" value={one.subject} onInput={(event) => onChange({ ...one, subject: event.currentTarget.value })} />}</Field>
      <Field label={nt('texts.text')} hint={nt('texts.text_hint', { places: PLACES.join(', ') })}>{(props) => <textarea {...props} rows={5} dir="auto" lang={lang} maxLength={4000} value={one.text} onInput={(event) => onChange({ ...one, text: event.currentTarget.value })} />}</Field>
      {isFirst ? null : <Button small tone="quiet" onClick={onRemove} aria-label={nt('texts.remove_name', { language: title })}>{nt('texts.remove')}</Button>}
    </fieldset>
  )
}

export function OwnTexts({ setting, stored, written, error }: { setting: NetworkSetting; stored: unknown; written: Signal<Written>; error: string | null }) {
  const before = written.value[setting.name]
  const found = before === undefined ? textsOf(stored) : textsOf(before)
  const texts = found.length ? found : [{ language: '', subject: '', text: '' }]
  // One text that says nothing is none.
  const set = (next: OwnText[]): void => void (written.value = { ...written.peek(), [setting.name]: next.length === 1 && !next[0]?.text.trim() && !next[0]?.subject.trim() ? '' : JSON.stringify(next) })
  return (
    <div class="network-texts" role="group" aria-label={settingName(setting.name)}>
      <span class="network-label">{settingName(setting.name)}</span>
      {texts.map((one, at) => (
        <One key={at} one={one} isFirst={at === 0} onChange={(next) => set(texts.map((old, k) => (k === at ? next : old)))} onRemove={() => set(texts.filter((_, k) => k !== at))} />
      ))}
      {error ? <span class="field-error" role="alert">{error}</span> : null}
      {texts.length < MOST ? <Button small icon="plus" onClick={() => set([...texts, { language: '', subject: '', text: '' }])}>{nt('texts.add')}</Button> : null}
    </div>
  )
}
