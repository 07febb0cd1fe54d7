// The times one snoozes to, in the agent's own day. Pure.

export type SnoozeKey = 'hour' | 'evening' | 'tomorrow' | 'monday' | 'week'
const MORNING = 9
const EVENING = 18

export function snoozeTimes(now: Date): { key: SnoozeKey; at: Date }[] {
  const at = (days: number, hour: number): Date => new Date(now.getFullYear(), now.getMonth(), now.getDate() + days, hour)
  const untilMonday = (8 - now.getDay()) % 7 || 7
  const times: { key: SnoozeKey; at: Date }[] = [{ key: 'hour', at: new Date(now.getTime() + 3_600_000) }]
  if (now.getHours() < EVENING - 1) times.push({ key: 'evening', at: at(0, EVENING) })
  times.push({ key: 'tomorrow', at: at(1, MORNING) })
  if (untilMonday > 1) times.push({ key: 'monday', at: at(untilMonday, MORNING) })
  if (untilMonday !== 7) times.push({ key: 'week', at: at(7, MORNING) })
  return times
}
