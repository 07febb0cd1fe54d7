// When the telephone is answered: hours of each weekday in a time zone, and days off.
import { Button, IconButton, Switch } from '../../../ui/parts'
import { locale } from '../../../lib/i18n'
import { nt } from '../../../lib/network_words'
import { Pick, useEditing } from './bits'
import { DAYS, isObject, objectAt, rangeOf, replaced, textAt, textsAt, withMember, without, type Day } from './model'

const zones = (): string[] => (typeof Intl.supportedValuesOf === 'function' ? Intl.supportedValuesOf('timeZone') : [])
const MONDAY_MS = Date.UTC(2024, 0, 1, 12)
const dayName = (day: Day): string => new Intl.DateTimeFormat(locale.value, { weekday: 'long', timeZone: 'UTC' }).format(MONDAY_MS + DAYS.indexOf(day) * 86_400_000)

function Fault({ place, id }: { place: string; id: string }) {
  const words = useEditing().faults.get(place)
  return words ? <span class="field-error" id={id}>{words}</span> : null
}

function Range({ day, at, text, onChange, onRemove }: { day: Day; at: number; text: string; onChange: (text: string) => void; onRemove: () => void }) {
  const { faults } = useEditing()
  const name = dayName(day)
  const place = `hours.${day}.${at}`
  const id = 'ivr-' + place.replaceAll('.', '-')
  const range = rangeOf(text)
  const wrong = faults.has(place) ? { 'aria-invalid': true, 'aria-describedby': id } : {}
  return (
    <span class="ivr-range">
      {range ? (
        <>
          <input type="time" {...wrong} aria-label={nt('ivr.from', { day: name })} value={range.from} onInput={(event) => onChange(`${event.currentTarget.value}-${range.until}`)} />
          <span aria-hidden="true">–</span>
          <input type="time" {...wrong} aria-label={nt('ivr.until', { day: name })} value={range.until} onInput={(event) => onChange(`${range.from}-${event.currentTarget.value}`)} />
        </>
      ) : <input type="text" {...wrong} dir="ltr" aria-label={nt('ivr.from', { day: name })} value={text} onInput={(event) => onChange(event.currentTarget.value)} />}
      <IconButton icon="close" size={16} label={nt('ivr.remove', { name: `${name} ${text}` })} onClick={onRemove} />
      <Fault place={place} id={id} />
    </span>
  )
}

function DayRow({ day }: { day: Day }) {
  const { ivr, change } = useEditing()
  const hours = objectAt(ivr, 'hours')
  const ranges = textsAt(hours, day)
  const set = (next: string[]): void => change({ ...ivr, hours: withMember(hours, day, next.length ? next : undefined) })
  const name = dayName(day)
  return (
    <div class="ivr-day" role="group" aria-label={name}>
      <span class="ivr-day-name">{name}</span>
      <span class="ivr-ranges">
        {ranges.length ? ranges.map((text, at) => <Range key={at} day={day} at={at} text={text} onChange={(next) => set(replaced(ranges, at, next))} onRemove={() => set(without(ranges, at))} />) : <span class="ivr-shut">{nt('ivr.shut')}</span>}
      </span>
      <IconButton icon="plus" size={16} label={nt('ivr.range_add', { day: name })} onClick={() => set([...ranges, ranges.length ? '14:00-18:00' : '09:00-17:00'])} />
    </div>
  )
}

export function Hours() {
  const { ivr, change } = useEditing()
  const isAlways = !isObject(ivr['hours'])
  const zone = textAt(ivr, 'time_zone')
  const limit = (always: boolean): void => {
    const own = zone || Intl.DateTimeFormat().resolvedOptions().timeZone
    change(always ? withMember(ivr, 'hours', undefined) : { ...ivr, time_zone: own, hours: Object.fromEntries(DAYS.slice(0, 5).map((day) => [day, ['09:00-17:00']])) })
  }
  return (
    <fieldset class="ivr-group">
      <legend>{nt('ivr.hours')}</legend>
      <Switch label={nt('ivr.always')} checked={isAlways} onChange={limit} />
      {isAlways ? null : (
        <>
          <Pick label={nt('ivr.time_zone')} place="time_zone" value={zone} options={zones().map((one) => [one, one] as const)} onChange={(next) => change({ ...ivr, time_zone: next })} />
          {DAYS.map((day) => <DayRow key={day} day={day} />)}
        </>
      )}
    </fieldset>
  )
}

function Holiday({ text, at, onChange, onRemove }: { text: string; at: number; onChange: (text: string) => void; onRemove: () => void }) {
  const isYearly = /^\d\d-\d\d$/.test(text)
  const name = nt('ivr.holiday', { number: at + 1 })
  const place = `holidays.${at}`
  const id = 'ivr-' + place.replace('.', '-')
  const day = isYearly ? `${new Date().getFullYear()}-${text}` : text
  const { faults } = useEditing()
  return (
    <div class="ivr-holiday" role="group" aria-label={name}>
      <input type="date" aria-label={name} {...(faults.has(place) ? { 'aria-invalid': true, 'aria-describedby': id } : {})} value={day} onInput={(event) => onChange(isYearly ? event.currentTarget.value.slice(5) : event.currentTarget.value)} />
      <label class="prechat-required"><input type="checkbox" checked={isYearly} disabled={!text} onChange={(event) => onChange(event.currentTarget.checked ? day.slice(5) : day)} /> {nt('ivr.yearly')}</label>
      <IconButton icon="close" size={16} label={nt('ivr.remove', { name })} onClick={onRemove} />
      <Fault place={place} id={id} />
    </div>
  )
}

export function Holidays() {
  const { ivr, change } = useEditing()
  const all = textsAt(ivr, 'holidays')
  const set = (next: string[]): void => change(withMember(ivr, 'holidays', next.length ? next : undefined))
  return (
    <fieldset class="ivr-group">
      <legend>{nt('ivr.holidays')}</legend>
      <div>{all.map((text, at) => <Holiday key={at} text={text} at={at} onChange={(next) => set(replaced(all, at, next))} onRemove={() => set(without(all, at))} />)}</div>
      <Button small icon="plus" onClick={() => set([...all, ''])}>{nt('ivr.holiday_add')}</Button>
    </fieldset>
  )
}
