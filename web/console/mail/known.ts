// What is known against the addresses of a conversation: mails that come back from them, complaints. Asked for when a mail fails or a message comes.
import { signal, type Signal } from '@preact/signals'
import { get, post } from '../lib/api'
import type { Id } from '../lib/types'
import type { MailAddress, MailAddresses } from '../../shared/api/types'

const KEPT_MOST = 40
const kept = new Map<Id, { asked: string; items: Signal<readonly MailAddress[]> }>()

/** `at`: changes when there may be news. */
export function knownAddresses(conversation: Id, at: string): Signal<readonly MailAddress[]> {
  const known = kept.get(conversation) ?? { asked: '', items: signal<readonly MailAddress[]>([]) }
  if (known.asked === at) return known.items
  known.asked = at
  kept.set(conversation, known)
  for (const oldest of kept.keys()) {
    if (kept.size <= KEPT_MOST) break
    kept.delete(oldest)
  }
  void load(conversation, known.items)
  return known.items
}

async function load(conversation: Id, items: Signal<readonly MailAddress[]>): Promise<void> {
  // Nothing is said when it cannot be asked: sending still tells.
  const page = await get<MailAddresses>(`/conversations/${conversation}/mail-addresses`).catch(() => null)
  if (page) items.value = page.items
}

export async function retryAddress(conversation: Id, address: string): Promise<void> {
  await post(`/conversations/${conversation}/mail-addresses/retry`, { address })
  const known = kept.get(conversation)
  if (known) await load(conversation, known.items)
}
