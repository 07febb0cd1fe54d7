// To, Cc and Bcc of a mail that is written: each address a chip that says when it is none. Lists may be pasted; all of it works by keys.
import { useSignal } from '@preact/signals'
import { useId, useRef } from 'preact/hooks'
import '../style/mail_compose.css'
import { Icon } from '../ui/icon'
import { Words } from '../ui/parts'
import { dir } from '../lib/i18n'
import { addAddresses, isAddress, RECIPIENTS_MAX, writeAddress } from './addresses'
import type { Address } from './types'
import { mt } from './words'

export interface People { to: Address[]; cc: Address[]; bcc: Address[] }
type Field = keyof People
const FIELDS: readonly Field[] = ['to', 'cc', 'bcc']

export const allOf = (people: People): Address[] => FIELDS.flatMap((field) => people[field])
/** May be sent to: somebody is named, and everybody has an address. */
export const areSendable = (people: People): boolean => people.to.length + people.cc.length + people.bcc.length > 0 && allOf(people).every((one) => isAddress(one.address))

function nameOf(field: Field): string {
  switch (field) {
    case 'to':
      return mt('compose.to')
    case 'cc':
      return mt('compose.cc')
    case 'bcc':
      return mt('compose.bcc')
  }
}

interface ChipProps { one: Address; onRemove: () => void; onKey: (event: KeyboardEvent) => void; onEdit: () => void }

function Recipient({ one, onRemove, onKey, onEdit }: ChipProps) {
  const isBad = !isAddress(one.address)
  const hint = isBad ? `${one.address}: ${mt('compose.invalid')}` : writeAddress(one)
  return (
    <li class={isBad ? 'recipient recipient-bad' : 'recipient'}>
      <button type="button" class="recipient-name" tabIndex={-1} title={hint} aria-description={mt('compose.edit_hint')} onKeyDown={onKey} onDblClick={onEdit}>
        {isBad ? <Icon name="alert" size={13} /> : null}
        <Words text={one.name || one.address} />
        {isBad ? <span class="sr-only">, {mt('compose.invalid')}</span> : one.name ? <span class="sr-only">, {one.address}</span> : null}
      </button>
      <button type="button" class="recipient-remove" tabIndex={-1} aria-label={mt('compose.remove', { address: one.name || one.address })} onClick={onRemove}>
        <Icon name="close" size={12} />
      </button>
    </li>
  )
}

interface RowProps { field: Field; people: People; onChange: (people: People) => void; say: (words: string) => void; isFocused: boolean }

function Row({ field, people, onChange, say, isFocused }: RowProps) {
  const input = useRef<HTMLInputElement>(null)
  const chips = useRef<HTMLUListElement>(null)
  const id = useId()
  const list = people[field]
  const set = (next: Address[]): void => onChange({ ...people, [field]: next })
  const focusChip = (at: number): void => {
    const found = chips.current?.querySelectorAll<HTMLElement>('.recipient-name')[at]
    ;(found ?? input.current)?.focus()
  }
  const take = (text: string): void => {
    const { list: next, twice, isFull } = addAddresses(list, text, allOf(people))
    if (input.current) input.current.value = ''
    if (next.length !== list.length) set(next)
    const bad = next.slice(list.length).find((one) => !isAddress(one.address))
    if (isFull) say(mt('compose.too_many', { max: RECIPIENTS_MAX }))
    else if (bad) say(mt('compose.bad_address', { address: bad.address }))
    else if (twice[0]) say(mt('compose.twice', { address: twice[0].address }))
  }
  const remove = (at: number): void => {
    const gone = list[at]
    set(list.filter((_, other) => other !== at))
    if (gone) say(mt('compose.removed', { address: gone.name || gone.address }))
    input.current?.focus()
  }
  const edit = (at: number): void => {
    const one = list[at]
    if (!one || !input.current) return
    take(input.current.value)
    set(list.filter((_, other) => other !== at))
    input.current.value = writeAddress(one)
    input.current.focus()
    input.current.select()
  }
  const onChipKey = (at: number) => (event: KeyboardEvent): void => {
    const back = dir.value === 'rtl' ? 'ArrowRight' : 'ArrowLeft'
    const on = dir.value === 'rtl' ? 'ArrowLeft' : 'ArrowRight'
    if (event.key === back) focusChip(Math.max(0, at - 1))
    else if (event.key === on) focusChip(at + 1)
    else if (event.key === 'Home') focusChip(0)
    else if (event.key === 'End' || event.key === 'Escape') input.current?.focus()
    else if (event.key === 'Delete' || event.key === 'Backspace') remove(at)
    else if (event.key === 'Enter' || event.key === 'F2') edit(at)
    else return
    event.preventDefault()
    event.stopPropagation()
  }
  const onKey = (event: KeyboardEvent): void => {
    // An input method is at work: its Enter and comma are not ours.
    if (event.isComposing || event.keyCode === 229 || event.ctrlKey || event.metaKey) return
    const element = event.currentTarget as HTMLInputElement
    const isAtStart = element.selectionStart === 0 && element.selectionEnd === 0
    if ((event.key === 'Enter' || event.key === ',' || event.key === ';') && element.value.trim()) {
      // A comma within a quoted name belongs to it.
      if (event.key !== 'Enter' && element.value.split('"').length % 2 === 0) return
      take(element.value)
    } else if (list.length && isAtStart && (event.key === 'Backspace' || event.key === (dir.value === 'rtl' ? 'ArrowRight' : 'ArrowLeft'))) focusChip(list.length - 1)
    else if (event.key !== 'Enter') return
    event.preventDefault()
  }
  const onPaste = (event: ClipboardEvent): void => {
    const text = event.clipboardData?.getData('text/plain') ?? ''
    if (!/[,;\n\t،؛，；<]/.test(text)) return
    event.preventDefault()
    take(`${(event.currentTarget as HTMLInputElement).value} ${text}`)
  }
  return (
    <div class="recipients-row" role="group" aria-label={mt('compose.count', { count: list.length, field: nameOf(field) })} onClick={(event) => { if (event.target === event.currentTarget) input.current?.focus() }}>
      <label for={id}>{nameOf(field)}</label>
      {list.length ? (
        <ul ref={chips}>
          {list.map((one, at) => <Recipient key={one.address} one={one} onRemove={() => remove(at)} onKey={onChipKey(at)} onEdit={() => edit(at)} />)}
        </ul>
      ) : null}
      <input
        ref={input} id={id} type="text" inputMode="email" autocomplete="off" autocapitalize="off" spellcheck={false} dir="auto" autofocus={isFocused} maxLength={2000}
        {...(field === 'bcc' ? { placeholder: mt('compose.bcc_hint') } : {})}
        onKeyDown={onKey} onPaste={onPaste} onBlur={(event) => { if (event.currentTarget.value.trim()) take(event.currentTarget.value) }}
      />
    </div>
  )
}

/** Whom an answer goes to is settled: it stands there and stays. */
function Fixed({ people }: { people: readonly Address[] }) {
  return (
    <div class="recipients-row recipients-fixed">
      <span class="recipients-label">{mt('compose.to')}</span>
      {people.map((one) => <span key={one.address} class="recipient recipient-fixed" title={writeAddress(one)}><Words text={one.name || one.address} />{one.name ? <span class="sr-only">, {one.address}</span> : null}</span>)}
    </div>
  )
}

/** isToFixed: only copies may be changed. */
export function Recipients({ people, onChange, isToFixed = false }: { people: People; onChange: (people: People) => void; isToFixed?: boolean }) {
  const opened = useSignal<readonly Field[]>([])
  const said = useSignal('')
  const latest = opened.value[opened.value.length - 1]
  const shown = FIELDS.filter((field) => field === 'to' || people[field].length > 0 || opened.value.includes(field))
  return (
    <div class="recipients" role="group" aria-label={mt('compose.people')}>
      {isToFixed ? <Fixed people={people.to} /> : null}
      {shown.filter((field) => !isToFixed || field !== 'to').map((field) => <Row key={field} field={field} people={people} onChange={onChange} say={(words) => void (said.value = words)} isFocused={field === latest} />)}
      {shown.length < FIELDS.length ? (
        <span class="recipients-more">
          {FIELDS.filter((field) => !shown.includes(field)).map((field) => (
            <button key={field} type="button" class="link-button" aria-label={mt('compose.add', { field: nameOf(field) })} onClick={() => void (opened.value = [...opened.value, field])}>{nameOf(field)}</button>
          ))}
        </span>
      ) : null}
      <p class={said.value ? 'recipients-said' : 'sr-only'} role="status">{said.value}</p>
    </div>
  )
}

const SUBJECT_MAX = 250

/** `isNew`: it begins a conversation, where a mail without a subject is not read. */
export function SubjectField({ subject, isNew, onChange }: { subject: string; isNew: boolean; onChange: (subject: string) => void }) {
  const id = useId()
  const wasLeft = useSignal(false)
  const isMissing = isNew && wasLeft.value && !subject.trim()
  return (
    <div class="subject-row">
      <label for={id}>{mt('compose.subject')}</label>
      <input id={id} type="text" dir="auto" value={subject} maxLength={SUBJECT_MAX} placeholder={isNew ? mt('compose.subject_hint') : ''} aria-invalid={isMissing} {...(isMissing ? { 'aria-describedby': id + 'e' } : {})} onInput={(event) => onChange(event.currentTarget.value)} onBlur={() => void (wasLeft.value = true)} />
      {isMissing ? <span id={id + 'e'} class="field-error">{mt('compose.subject_missing')}</span> : null}
    </div>
  )
}
