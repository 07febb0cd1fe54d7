// The menu that callers hear, as docs/connectors/voice.md describes its stored form: read with care (anything may stand in it), changed by copying, so
// that members nobody knows here are kept. And its rules, as the server checks them (text/ivr_fault.c). Pure.

export type Json = Record<string, unknown>
export const DAYS = ['mon', 'tue', 'wed', 'thu', 'fri', 'sat', 'sun'] as const
export type Day = (typeof DAYS)[number]
export const SENTENCES = ['choose', 'greeting', 'closed', 'goodbye', 'not_understood', 'nobody_answers', 'leave_message', 'waiting', 'position'] as const
export const ACTIONS = ['continue_by_message', 'voicemail', 'forward', 'menu', 'queue', 'repeat', 'hangup'] as const
export type Action = (typeof ACTIONS)[number]
export const MENUS = ['main', 'closed', 'missed', 'wait'] as const
export const DIGITS = ['1', '2', '3', '4', '5', '6', '7', '8', '9', '0', '*', '#'] as const
export const MOST_LANGUAGES = 9
export const MOST_ENTRIES = 12

export const isObject = (value: unknown): value is Json => typeof value === 'object' && value !== null && !Array.isArray(value)
export const objectAt = (value: Json, name: string): Json => (isObject(value[name]) ? value[name] : {})
export const objectsAt = (value: Json, name: string): Json[] => (Array.isArray(value[name]) ? value[name].map((one: unknown) => (isObject(one) ? one : {})) : [])
export const textsAt = (value: Json, name: string): string[] => (Array.isArray(value[name]) ? value[name].map((one: unknown) => (typeof one === 'string' ? one : '')) : [])
/** Ids and digits may be stored as numbers. */
export const textAt = (value: Json, name: string): string => (typeof value[name] === 'string' ? value[name] : typeof value[name] === 'number' ? String(value[name]) : '')

/** What is empty is left out: an empty text, nothing, an empty list or object that was not there before. */
export function withMember(value: Json, name: string, next: unknown): Json {
  if (next !== undefined && next !== '') return { ...value, [name]: next }
  const { [name]: _, ...rest } = value
  return rest
}
export const replaced = <T>(list: readonly T[], at: number, next: T): T[] => list.map((one, index) => (index === at ? next : one))
export const without = <T>(list: readonly T[], at: number): T[] => list.filter((_, index) => index !== at)

export const tagsOf = (ivr: Json): string[] => [...new Set(objectsAt(ivr, 'languages').map((one) => textAt(one, 'tag')).filter(Boolean))]

/** A text of all languages, or of one. */
export const textIn = (value: unknown, tag: string): string => (typeof value === 'string' ? value : isObject(value) ? textAt(value, tag) : '')
/** With one language a text stays a text; the first word that differs makes it one per language. */
export function withText(value: unknown, tags: readonly string[], tag: string, text: string): unknown {
  if (tags.length < 2 && !isObject(value)) return text || undefined
  const all: Json = isObject(value) ? value : typeof value === 'string' ? Object.fromEntries(tags.map((one) => [one, value])) : {}
  const next = withMember(all, tag, text)
  return Object.keys(next).length ? next : undefined
}

export interface Range { from: string; until: string }
const CLOCK = /^([01]\d|2[0-3]):[0-5]\d$/
/** Null: not as clocks show it (24:00, say). Halves that are not set yet are empty. */
export function rangeOf(text: string): Range | null {
  const [from = '', until = '', ...more] = text.split('-').map((one) => one.trim())
  return !more.length && [from, until].every((one) => one === '' || CLOCK.test(one)) ? { from, until } : null
}

export interface Fault { place: string; key: `ivr.wrong_${'digit' | 'key' | 'to' | 'menu' | 'channel' | 'action' | 'zone' | 'range' | 'name' | 'main' | 'tag' | 'date'}` }
const TARGET = /^(\+[1-9]\d{6,14}|sips?:[^\s@]+@[^\s@]+)$/
export const MENU_NAME = /^[A-Za-z0-9_-]{1,32}$/
const RANGE = /^\s*([01]?\d|2[0-4]):[0-5]\d\s*-\s*([01]?\d|2[0-4]):[0-5]\d\s*$/
const DATE = /^(\d{4}-)?\d\d-\d\d$/

function faultsOfEntry(ivr: Json, entry: Json, place: string, hasKey: boolean): Fault[] {
  const action = textAt(entry, 'action')
  switch (action as Action) {
    case 'continue_by_message':
      return [
        ...(textAt(entry, 'channel_id') ? [] : [{ place: place + '.channel_id', key: 'ivr.wrong_channel' } as const]),
        ...(hasKey && !/^\d$/.test(textAt(entry, 'digit')) ? [{ place: place + '.digit', key: 'ivr.wrong_key' } as const] : []),
      ]
    case 'forward':
      return TARGET.test(textAt(entry, 'to')) ? [] : [{ place: place + '.to', key: 'ivr.wrong_to' }]
    case 'menu':
      return isObject(objectAt(ivr, 'menus')[textAt(entry, 'menu')]) ? [] : [{ place: place + '.menu', key: 'ivr.wrong_menu' }]
    case 'voicemail':
    case 'queue':
    case 'repeat':
    case 'hangup':
      return []
    default:
      return [{ place: place + '.action', key: 'ivr.wrong_action' }]
  }
}

function faultsOfMenu(ivr: Json, name: string, menu: Json): Fault[] {
  const place = 'menus.' + name
  const entries = objectsAt(menu, 'entries')
  const digits = entries.map((one) => textAt(one, 'digit'))
  return [
    ...(MENU_NAME.test(name) ? [] : [{ place, key: 'ivr.wrong_name' } as const]),
    ...entries.flatMap((one, at): Fault[] => [
      ...(digits.indexOf(digits[at] ?? '') < at ? [{ place: `${place}.${at}.digit`, key: 'ivr.wrong_digit' } as const] : []),
      ...faultsOfEntry(ivr, one, `${place}.${at}`, true),
    ]),
    ...(isObject(menu['otherwise']) ? faultsOfEntry(ivr, menu['otherwise'], place + '.otherwise', false) : []),
  ]
}

/** All that callers would not get as it is meant, each with the place of its field. */
export function faultsOf(ivr: Json): Fault[] {
  const hours = objectAt(ivr, 'hours')
  const menus = objectAt(ivr, 'menus')
  const names = Object.keys(menus)
  const missed = objectAt(ivr, 'missed_call')
  return [
    ...objectsAt(ivr, 'languages').flatMap((one, at): Fault[] => (/^[A-Za-z]{2,8}([-_][A-Za-z0-9]{1,8})*$/.test(textAt(one, 'tag')) ? [] : [{ place: `languages.${at}.tag`, key: 'ivr.wrong_tag' }])),
    ...(isObject(ivr['hours']) && !textAt(ivr, 'time_zone') ? [{ place: 'time_zone', key: 'ivr.wrong_zone' } as const] : []),
    ...DAYS.flatMap((day) => textsAt(hours, day).flatMap((one, at): Fault[] => (RANGE.test(one) ? [] : [{ place: `hours.${day}.${at}`, key: 'ivr.wrong_range' }]))),
    ...textsAt(ivr, 'holidays').flatMap((one, at): Fault[] => (DATE.test(one) ? [] : [{ place: `holidays.${at}`, key: 'ivr.wrong_date' }])),
    ...names.flatMap((name) => faultsOfMenu(ivr, name, objectAt(menus, name))),
    ...(names.length && !names.includes('main') ? [{ place: 'menus', key: 'ivr.wrong_main' } as const] : []),
    ...(isObject(ivr['missed_call']) && !textAt(missed, 'channel_id') ? [{ place: 'missed_call.channel_id', key: 'ivr.wrong_channel' } as const] : []),
  ]
}

/** Where the server's words for the first wrong part belong (text/ivr_fault.c ivr_fault); empty: to the whole. */
export function placeOf(ivr: Json, words: string): string {
  const entry = /^Menu ([A-Za-z0-9_-]+), key (.)/.exec(words)
  if (entry) {
    const at = objectsAt(objectAt(objectAt(ivr, 'menus'), entry[1] ?? ''), 'entries').findIndex((one) => textAt(one, 'digit') === entry[2])
    return at < 0 ? 'menus.' + (entry[1] ?? '') : `menus.${entry[1] ?? ''}.${at}.action`
  }
  const menu = /^Menu ([A-Za-z0-9_-]+)\b/.exec(words)
  if (menu) return 'menus.' + (menu[1] ?? '')
  const day = /^Hours of (mon|tue|wed|thu|fri|sat|sun) /.exec(words)?.[1]
  if (day) return `hours.${day}.${Math.max(0, textsAt(objectAt(ivr, 'hours'), day).findIndex((one) => !RANGE.test(one)))}`
  if (words.startsWith('Hours need a time zone')) return 'time_zone'
  return words.includes('called main') || words.startsWith('The name of a menu') ? 'menus' : ''
}
