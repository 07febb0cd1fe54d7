// Telephone calls: the latest ones by id, as the log and the stream tell of them. Small, because every page listens for callers.
import { computed, effect, signal } from '@preact/signals'
import { get, post } from '../lib/api'
import { compareIds, uuid } from '../lib/ids'
import { t } from '../lib/i18n'
import { go } from '../lib/router'
import type { Channel, Id, Page } from '../lib/types'
import { newer } from './reducers'
import { can, channels, myId } from './store'
import { complain, toast } from './toasts'
import { ApiError } from '../lib/api'
import type { Call } from '../../shared/api/types'

export type { Call } from '../../shared/api/types'

const LATEST = 50
const MOST = 500
const PHONES: ReadonlySet<string> = new Set(['voice', 'pbx'])
export const isPhone = (channel: Pick<Channel, 'kind'>): boolean => PHONES.has(channel.kind)
export const phones = computed(() => channels.value.filter((one) => one.is_enabled && isPhone(one)))
export const hasCalls = computed(() => can('conversation.read') && channels.value.some(isPhone))

const known = signal<ReadonlyMap<Id, Call>>(new Map())
/** Newest first. */
export const calls = computed(() => [...known.value.values()].sort((a, b) => compareIds(b.id, a.id)))
export const waitingCalls = computed(() => calls.value.filter((one) => one.state === 'queued' && !one.agent_id).reverse())
export const isRunning = (one: Call): boolean => one.state !== 'ended'
export const isWrapping = (one: Call): boolean => one.wrap_started_at !== null && one.wrap_ended_at === null
/** What I talk, let ring or have not written down yet: one at a time, the newest first. */
export const myCall = computed(() => calls.value.find((one) => one.agent_id === myId.value && (isRunning(one) || isWrapping(one))))

export function putCalls(more: readonly Call[]): void {
  const next = new Map(known.peek())
  for (const one of more) next.set(one.id, newer(next.get(one.id), one))
  for (const id of [...next.keys()].sort(compareIds).slice(0, Math.max(0, next.size - MOST))) next.delete(id)
  known.value = next
}

export function refreshCalls(): void {
  if (hasCalls.peek()) get<Page<Call>>('/calls', { limit: LATEST }).then((page) => putCalls(page.items), () => undefined)
}
export function startCalls(): void {
  effect(() => {
    if (hasCalls.value) refreshCalls()
  })
}

/** Without a phone of one's own there is nothing that could ring. */
function explain(error: unknown): void {
  if (error instanceof ApiError && error.is('conflict.phone')) toast(t('call.no_phone'), { tone: 'bad', action: { label: t('call.set_phone'), run: () => go('/settings/profile') } })
  else complain(error)
}

export async function act(path: string, body?: unknown): Promise<boolean> {
  try {
    putCalls([await post<Call>('/calls' + path, body)])
    return true
  } catch (error) {
    explain(error)
    return false
  }
}
export async function startCall(channel: Id, whom: { contact_id?: Id; number?: string; conversation_id?: Id }): Promise<void> {
  if (await act('', { channel_id: channel, client_id: uuid(), ...whom })) toast(t('call.rings'))
}
