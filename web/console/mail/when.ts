// When an invitation is for, in the reader's own zone. Pure.
import type { Invitation } from './types'

/** A bare day has no zone: it is that day everywhere. */
const asDay = (time: string): Date => new Date(time.slice(0, 10) + 'T12:00:00')

/** "" when it says no time that can be read. */
export function whenOf(invitation: Invitation, locale: string, zone?: string): string {
  const { starts_at: start, ends_at: end, is_all_day: isAllDay } = invitation
  if (!start) return ''
  if (isAllDay) {
    const format = new Intl.DateTimeFormat(locale, { dateStyle: 'full' })
    const first = asDay(start)
    // The end of whole days is the day after the last.
    const last = end ? new Date(asDay(end).getTime() - 86_400_000) : first
    return last > first ? format.formatRange(first, last) : format.format(first)
  }
  const format = new Intl.DateTimeFormat(locale, { weekday: 'long', day: 'numeric', month: 'long', year: 'numeric', hour: 'numeric', minute: '2-digit', timeZoneName: 'short', ...(zone ? { timeZone: zone } : {}) })
  const from = new Date(start)
  const until = end ? new Date(end) : from
  return until > from ? format.formatRange(from, until) : format.format(from)
}
