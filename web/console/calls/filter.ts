// What of the log of calls is shown, as it stands in the address: a reload, a link or a step back keep it.

export type Filter = Record<'channel_id' | 'direction' | 'outcome' | 'agent_id', string>
export const OUTCOMES = ['answered', 'missed', 'voicemail', 'message', 'failed'] as const
const DIRECTIONS: readonly string[] = ['in', 'out']
const NAMES = ['direction', 'outcome', 'channel_id', 'agent_id'] as const
const isId = (value: string): boolean => /^[1-9][0-9]{0,18}$/.test(value)
const TAKES: Record<keyof Filter, (value: string) => boolean> = {
  direction: (value) => DIRECTIONS.includes(value),
  outcome: (value) => (OUTCOMES as readonly string[]).includes(value),
  channel_id: isId,
  agent_id: isId,
}

/** An address is foreign text: what no filter can be counts as nothing. */
export function filterOf(search: string): Filter {
  const query = new URLSearchParams(search)
  const filter: Filter = { channel_id: '', direction: '', outcome: '', agent_id: '' }
  for (const name of NAMES) {
    const value = query.get(name) ?? ''
    if (TAKES[name](value)) filter[name] = value
  }
  return filter
}

/** "?direction=in&outcome=missed", or "" when nothing is chosen. */
export function searchOf(filter: Filter): string {
  const query = new URLSearchParams()
  for (const name of NAMES) if (filter[name]) query.set(name, filter[name])
  const text = query.toString()
  return text ? '?' + text : ''
}

export const fits = (one: { [name in keyof Filter]?: string | null }, filter: Filter): boolean => NAMES.every((name) => !filter[name] || one[name] === filter[name])
