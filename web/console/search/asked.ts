// What is searched for, as it stands in the address: a reload, a link or a step back keep it.

export const KINDS = ['all', 'messages', 'contacts', 'tags'] as const
export const ORDERS = ['relevance', 'time'] as const
export interface Asked { q: string; kind: (typeof KINDS)[number]; order: (typeof ORDERS)[number] }

const MOST_CHARACTERS = 500

/** An address is foreign text: what cannot be asked counts as nothing. */
export function askedOf(search: string): Asked {
  const query = new URLSearchParams(search)
  return {
    q: (query.get('q') ?? '').trim().slice(0, MOST_CHARACTERS),
    kind: KINDS.find((one) => one === query.get('kind')) ?? 'all',
    order: ORDERS.find((one) => one === query.get('order')) ?? 'relevance',
  }
}

/** "?q=tea&kind=messages", or "" when nothing is asked. */
export function searchOf(asked: Asked): string {
  const query = new URLSearchParams()
  if (asked.q) query.set('q', asked.q)
  if (asked.kind !== 'all') query.set('kind', asked.kind)
  if (asked.order !== 'relevance') query.set('order', asked.order)
  const text = query.toString()
  return text ? '?' + text : ''
}
