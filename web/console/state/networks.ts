// What networks there are and what they allow: asked for once, when a channel of a network is first met.
import { computed, signal } from '@preact/signals'
import { post as send } from '../lib/api'
import { t } from '../lib/i18n'
import { isNetwork, type ActKind, type Network, type NetworkRules, type Visibility } from '../lib/network_types'
import type { Channel, Id, Message } from '../lib/types'
import { getAll } from './reference'
import { channels } from './store'
import { complain } from './toasts'

const known = signal<readonly Network[] | null>(null)
let isAsked = false

/** Null until they are known; asking begins with the first look. */
export function networks(): readonly Network[] | null {
  if (!isAsked) {
    isAsked = true
    getAll<Network>('/networks').then(
      (all) => void (known.value = all),
      () => void (isAsked = false),
    )
  }
  return known.value
}
/** What a channel is; null when it was removed before that was noted. */
type Kind = Channel['kind'] | null
export const networkOf = (kind: Kind): Network | null => (isNetwork(kind) ? (networks()?.find((one) => one.kind === kind) ?? null) : null)

const channelById = computed(() => new Map(channels.value.map((one) => [one.id, one])))
export const channelOf = (id: Id): Channel | undefined => channelById.value.get(id)

/** A conversation outlives its channel: the server then has no name of it any more. */
export const isRemoved = (channel: { name: string }): boolean => !channel.name
export function channelName(channel: { kind: Kind; name: string }): string {
  if (!isRemoved(channel)) return channel.name
  const network = networkOf(channel.kind)
  return network ? t('channel.removed_of', { network: network.title }) : t('channel.removed')
}

/** The rules of an answer, with the length that this account has. */
export function rulesOf(channel: { id: Id; kind: Kind }, visibility: Visibility): NetworkRules | null {
  const network = networkOf(channel.kind)
  const rules = visibility === 'public' ? network?.public_rules : network?.private_rules
  if (!rules) return null
  const own = rules.length_setting ? Number((channelOf(channel.id)?.settings as Record<string, unknown> | undefined)?.[rules.length_setting]) : 0
  return own > 0 ? { ...rules, max_length: own } : rules
}

/** Asks the network; what became of it comes as an event, which may overtake this answer with the message as it was before. */
export async function act(message: Message, kind: ActKind, more: { text?: string; reaction?: string } = {}): Promise<boolean> {
  try {
    await send<Message>(`/messages/${message.id}/act`, { kind, ...more })
    return true
  } catch (error) {
    complain(error)
    return false
  }
}
