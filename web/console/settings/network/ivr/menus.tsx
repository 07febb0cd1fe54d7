// The menus: what callers hear, what each key does, and what happens when none is pressed.
import { useSignal } from '@preact/signals'
import { Button } from '../../../ui/parts'
import { languageName } from '../../../lib/format'
import { nt } from '../../../lib/network_words'
import { channels } from '../../../state/store'
import { Line, Part, Pick, Texts, useEditing, useFault } from './bits'
import { ACTIONS, DIGITS, isObject, MENU_NAME, MENUS, MOST_ENTRIES, objectAt, objectsAt, replaced, textAt, withMember, without, type Action, type Json } from './model'

/** What is written to a caller: over which channel, in which words, and the template where a network wants one. */
export function Writing({ value, place, onChange }: { value: Json; place: string; onChange: (next: Json) => void }) {
  const { tags } = useEditing()
  const all = channels.value.filter((one) => one.kind !== 'voice' && one.kind !== 'widget')
  const template = objectAt(value, 'template')
  const setTemplate = (tag: string, name: string, text: string): void => {
    const one = withMember(objectAt(template, tag), name, text.trim())
    const next = withMember(template, tag, Object.keys(one).length ? one : undefined)
    onChange(withMember(value, 'template', Object.keys(next).length ? next : undefined))
  }
  return (
    <>
      <Pick label={nt('ivr.channel')} place={place + '.channel_id'} value={textAt(value, 'channel_id')} options={all.map((one) => [one.id, one.name] as const)} onChange={(id) => onChange({ ...value, channel_id: id })} />
      <Texts label={nt('ivr.text')} value={value['text']} onChange={(text) => onChange(withMember(value, 'text', text))} />
      <details class="ivr-more">
        <summary>{nt('ivr.template')}</summary>
        <p class="settings-hint">{nt('ivr.template_hint')}</p>
        {(tags.length ? tags : ['en']).map((tag) => (
          <div key={tag} class="ivr-row">
            <Line label={nt('ivr.template_name', { language: languageName(tag) })} dir="ltr" value={textAt(objectAt(template, tag), 'name')} onChange={(text) => setTemplate(tag, 'name', text)} />
            <Line label={nt('ivr.template_language', { language: languageName(tag) })} dir="ltr" placeholder="en_US" value={textAt(objectAt(template, tag), 'language')} onChange={(text) => setTemplate(tag, 'language', text)} />
          </div>
        ))}
      </details>
    </>
  )
}

function ActionFields({ value, place, onChange }: { value: Json; place: string; onChange: (next: Json) => void }) {
  const { ivr } = useEditing()
  const set = (name: string, next: unknown): void => onChange(withMember(value, name, next))
  return (
    <>
      {textAt(value, 'action') === 'continue_by_message' ? <Writing value={value} place={place} onChange={onChange} /> : null}
      {textAt(value, 'action') === 'forward' ? <Line label={nt('ivr.to')} dir="ltr" placeholder="+15550002222" place={place + '.to'} value={textAt(value, 'to')} onChange={(text) => set('to', text.trim())} /> : null}
      {textAt(value, 'action') === 'menu' ? <Pick label={nt('ivr.menus')} place={place + '.menu'} value={textAt(value, 'menu')} options={Object.keys(objectAt(ivr, 'menus')).map((one) => [one, one] as const)} onChange={(one) => set('menu', one)} /> : null}
      {textAt(value, 'action') ? <Texts label={nt('ivr.say')} value={value['say']} onChange={(text) => set('say', text)} /> : null}
    </>
  )
}

const actionOptions = ACTIONS.map((one) => [one, `ivr.action_${one}`] as const)
const actions = (): (readonly [Action, string])[] => actionOptions.map(([one, key]) => [one, nt(key)] as const)

function Entry({ menu, entry, at, onChange, onRemove }: { menu: string; entry: Json; at: number; onChange: (next: Json) => void; onRemove: () => void }) {
  const digit = textAt(entry, 'digit')
  const place = `menus.${menu}.${at}`
  const name = nt('ivr.entry', { menu, digit })
  return (
    <div class="ivr-entry" role="group" aria-label={name}>
      <div class="ivr-row">
        <Pick label={nt('ivr.digit')} place={place + '.digit'} value={digit} options={DIGITS.map((one) => [one, one] as const)} onChange={(next) => onChange({ ...entry, digit: next })} />
        <Pick label={nt('ivr.action')} place={place + '.action'} value={textAt(entry, 'action')} options={actions()} onChange={(next) => onChange({ ...entry, action: next })} />
      </div>
      <ActionFields value={entry} place={place} onChange={onChange} />
      <Button small tone="quiet" icon="trash" onClick={onRemove}>{nt('ivr.remove', { name })}</Button>
    </div>
  )
}

function menuHint(name: string): string {
  switch (name as (typeof MENUS)[number]) {
    case 'main':
      return nt('ivr.menu_main')
    case 'closed':
      return nt('ivr.menu_closed')
    case 'missed':
      return nt('ivr.menu_missed')
    case 'wait':
      return nt('ivr.menu_wait')
    default:
      return ''
  }
}

function Menu({ name, menu }: { name: string; menu: Json }) {
  const { ivr, change, faults } = useEditing()
  const menus = objectAt(ivr, 'menus')
  const set = (next: Json): void => change({ ...ivr, menus: { ...menus, [name]: next } })
  const entries = objectsAt(menu, 'entries')
  const setEntries = (next: Json[]): void => set({ ...menu, entries: next })
  const otherwise = isObject(menu['otherwise']) ? menu['otherwise'] : null
  const free = DIGITS.find((one) => !entries.some((entry) => textAt(entry, 'digit') === one)) ?? '1'
  const fault = useFault('menus.' + name)
  const isOpen = name === 'main' || [...faults.keys()].some((place) => place === 'menus.' + name || place.startsWith(`menus.${name}.`))
  const place = `menus.${name}.otherwise`
  return (
    <Part isOpen={isOpen} summary={<><bdi dir="ltr">{name}</bdi>{menuHint(name) ? <small> · {menuHint(name)}</small> : null}</>}>
      {fault ? <p class="field-error" role="alert">{fault}</p> : null}
      <Texts label={nt('ivr.prompt')} value={menu['prompt']} onChange={(text) => set(withMember(menu, 'prompt', text))} />
      <div class="ivr-entries">
        {entries.map((entry, at) => <Entry key={at} menu={name} entry={entry} at={at} onChange={(next) => setEntries(replaced(entries, at, next))} onRemove={() => setEntries(without(entries, at))} />)}
      </div>
      {entries.length < MOST_ENTRIES ? <Button small icon="plus" onClick={() => setEntries([...entries, { digit: free, action: 'voicemail' }])}>{nt('ivr.entry_add')}</Button> : null}
      <div class="ivr-entry" role="group" aria-label={nt('ivr.otherwise')}>
        <Pick label={nt('ivr.otherwise')} place={place + '.action'} value={otherwise ? textAt(otherwise, 'action') : ''} options={[['', nt('ivr.otherwise_none')], ...actions().filter(([one]) => one !== 'continue_by_message')]} onChange={(next) => set(withMember(menu, 'otherwise', next ? { ...otherwise, action: next } : undefined))} />
        {otherwise ? <ActionFields value={otherwise} place={place} onChange={(next) => set({ ...menu, otherwise: next })} /> : null}
      </div>
      <Button small tone="danger" icon="trash" onClick={() => change({ ...ivr, menus: withMember(menus, name, undefined) })}>{nt('ivr.remove', { name })}</Button>
    </Part>
  )
}

export function Menus() {
  const { ivr, change } = useEditing()
  const menus = objectAt(ivr, 'menus')
  const names = Object.keys(menus)
  const next = useSignal('')
  const fault = useFault('menus')
  const wanted = next.value.trim() || MENUS.find((one) => !names.includes(one)) || ''
  const canAdd = MENU_NAME.test(wanted) && !names.includes(wanted)
  const add = (): void => {
    if (!canAdd) return
    change({ ...ivr, menus: { ...menus, [wanted]: { entries: [] } } })
    next.value = ''
  }
  return (
    <fieldset class="ivr-group">
      <legend>{nt('ivr.menus')}</legend>
      {fault ? <p class="field-error" role="alert">{fault}</p> : null}
      {names.length ? null : <p class="settings-hint">{nt('ivr.menus_none')}</p>}
      {names.map((name) => <Menu key={name} name={name} menu={objectAt(menus, name)} />)}
      <div class="ivr-add">
        <Line label={nt('ivr.menu_name')} dir="ltr" placeholder={wanted} hint={nt('ivr.wrong_name')} value={next.value} onChange={(text) => void (next.value = text)} />
        <Button small icon="plus" disabled={!canAdd} onClick={add}>{nt('ivr.menu_add')}</Button>
      </div>
    </fieldset>
  )
}
