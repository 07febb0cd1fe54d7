// Times, ages, sizes and names in the chosen locale. Formatters are made once per locale: Intl constructors are slow.
import { signal } from '@preact/signals'
import { locale } from './i18n'
import { initialsIn } from './initials'

/** Ticks every half minute so that ages on screen move on by themselves. */
export const now = signal(Date.now())
setInterval(() => {
  if (document.visibilityState === 'visible') now.value = Date.now()
}, 30_000)

const cache = new Map<string, unknown>()
function cached<T>(name: string, make: () => T): T {
  const key = locale.value + name
  let found = cache.get(key) as T | undefined
  if (!found) {
    found = make()
    cache.set(key, found)
  }
  return found
}

function dateFormat(name: string, options: Intl.DateTimeFormatOptions): Intl.DateTimeFormat {
  return cached(name, () => new Intl.DateTimeFormat(locale.value, options))
}

function unit(value: number, name: string): string {
  return cached('u' + name, () => new Intl.NumberFormat(locale.value, { style: 'unit', unit: name, unitDisplay: 'narrow', maximumFractionDigits: 1 })).format(value)
}

/** A day; of another year, with the year. */
function dayIn(name: string, options: Intl.DateTimeFormatOptions, time: string, from: number): string {
  const isOther = new Date(time).getFullYear() !== new Date(from).getFullYear()
  return dateFormat(isOther ? name + 'y' : name, isOther ? { ...options, year: 'numeric' } : options).format(Date.parse(time))
}

/** "now"-short age of a moment: 40s, 5m, 3h, 2d, then the date. */
export function age(time: string | null, from: number = now.value): string {
  if (!time) return ''
  const seconds = Math.max(0, Math.round((from - Date.parse(time)) / 1000))
  if (seconds < 60) return unit(Math.max(1, seconds), 'second')
  if (seconds < 3600) return unit(Math.floor(seconds / 60), 'minute')
  if (seconds < 86_400) return unit(Math.floor(seconds / 3600), 'hour')
  if (seconds < 7 * 86_400) return unit(Math.floor(seconds / 86_400), 'day')
  return dayIn('short', { day: 'numeric', month: 'short' }, time, from)
}

/** What is left of a time: "23h 10m", "3d", "5m". */
export function left(ms: number): string {
  const minutes = Math.max(0, Math.ceil(ms / 60_000))
  if (minutes >= 2 * 1440) return unit(Math.floor(minutes / 1440), 'day')
  if (minutes < 60) return unit(minutes, 'minute')
  return unit(Math.floor(minutes / 60), 'hour') + (minutes % 60 ? ' ' + unit(minutes % 60, 'minute') : '')
}

export const clock = (time: string | number): string =>
  dateFormat('clock', { hour: 'numeric', minute: '2-digit' }).format(typeof time === 'number' ? time : Date.parse(time))

export const dateTime = (time: string | null): string =>
  time ? dateFormat('dt', { dateStyle: 'medium', timeStyle: 'short' }).format(Date.parse(time)) : ''

export const longDate = (time: string, from: number = now.value): string => dayIn('ld', { weekday: 'long', day: 'numeric', month: 'long' }, time, from)

/** Calendar day in the viewer's zone, as a comparable text. */
export function dayKey(time: string): string {
  const date = new Date(time)
  return `${date.getFullYear()}-${date.getMonth()}-${date.getDate()}`
}

export function relativeDay(days: number): string {
  return cached('rd', () => new Intl.RelativeTimeFormat(locale.value, { numeric: 'auto' })).format(days, 'day')
}

export function bytes(size: number): string {
  if (size < 1000) return unit(size, 'byte')
  if (size < 1_000_000) return unit(size / 1000, 'kilobyte')
  return unit(size / 1_000_000, 'megabyte')
}

export const number = (value: number): string => cached('n', () => new Intl.NumberFormat(locale.value)).format(value)

export function localTimeIn(zone: string): string {
  try {
    return new Intl.DateTimeFormat(locale.value, { hour: 'numeric', minute: '2-digit', weekday: 'short', timeZone: zone }).format(now.value)
  } catch {
    return ''
  }
}

export function languageName(code: string): string {
  try {
    return cached('lang', () => new Intl.DisplayNames([locale.value], { type: 'language' })).of(code) ?? code
  } catch {
    return code
  }
}

export const initials = (name: string): string => initialsIn(name, locale.value)
