// The composer's view of a network: which rules its answer falls under, how long it is, whether it can go. Conversations without a network have none of it.
import { computed, effect, signal, type ReadonlySignal } from '@preact/signals'
import { useEffect, useMemo } from 'preact/hooks'
import { now } from '../lib/format'
import type { Network, NetworkRules, ReplyWays, Visibility } from '../lib/network_types'
import type { Conversation } from '../lib/types'
import type { splitText } from '../../shared/split'
import { isRemoved, networkOf, rulesOf } from '../state/networks'
import { stopped, visibilityOf } from '../state/sending'
import { waysOf } from '../state/store'
import type { Desk } from './desk'
import { measured, windowNow, type LengthNow, type WindowState } from './limits'

export interface Reach {
  network: ReadonlySignal<Network | null>
  ways: ReadonlySignal<ReplyWays | null>
  visibility: ReadonlySignal<Visibility | undefined>
  rules: ReadonlySignal<NetworkRules | null>
  /** Of private answers; public ones are always open. */
  window: ReadonlySignal<WindowState>
  length: ReadonlySignal<LengthNow | null>
  /** Why nothing can be sent as it stands. */
  stop: ReadonlySignal<'length' | 'window' | 'nowhere' | null>
}

const COUNT_MS = 80

export function useReach(desk: Desk, conversation: Conversation): Reach {
  const { id, kind } = conversation.channel
  const length = useMemo(() => signal<LengthNow | null>(null), [desk])
  const isGone = isRemoved(conversation.channel)
  const reach = useMemo<Reach>(() => {
    const network = computed(() => networkOf(kind))
    const ways = computed(() => (network.value ? (waysOf(desk.id).value.reply ?? null) : null))
    const visibility = computed(() => (network.value ? visibilityOf(desk.id) : undefined))
    const rules = computed(() => (network.value ? rulesOf({ id, kind }, visibility.value ?? (conversation.is_public ? 'public' : 'private')) : null))
    const window = computed<WindowState>(() => (ways.value && visibility.value === 'private' ? windowNow(ways.value, rules.value?.needs_template_after ?? false, now.value) : 'open'))
    const stop = computed(() => {
      if (desk.kind.value === 'note') return null
      if (isGone) return 'nowhere'
      if (!network.value) return null
      if (ways.value && (ways.value.answer_url || (!ways.value.public && !ways.value.private))) return 'nowhere'
      if (window.value === 'closed' || window.value === 'template') return 'window'
      return length.value?.parts === 0 ? 'length' : null
    })
    return { network, ways, visibility, rules, window, length, stop }
  }, [desk, id, kind, isGone, conversation.is_public])
  useEffect(
    () => {
      const leave = effect(() => {
        if (reach.stop.value) stopped.add(desk.id)
        else stopped.delete(desk.id)
      })
      return () => {
        leave()
        stopped.delete(desk.id)
      }
    },
    [reach],
  )
  const rules = reach.rules.value
  useEffect(() => {
    if (!rules) {
      length.value = null
      return
    }
    let isGone = false
    let timer: ReturnType<typeof setTimeout> | undefined
    let leave = (): void => undefined
    let split: typeof splitText | null = null
    void import('../../shared/length').then(async ({ lengthCounter, utf8Bytes }) => {
      const count = await lengthCounter(rules.unit)
      if (isGone) return
      const measure = (): void => {
        const now = measured(desk.draft.peek().reply, count, utf8Bytes, rules, split)
        length.value = now
        if (now.parts !== null) return
        void import('../../shared/split').then((module) => {
          split = module.splitText
          if (!isGone) measure()
        }, () => undefined)
      }
      leave = effect(() => {
        void desk.draft.value.reply
        clearTimeout(timer)
        timer = setTimeout(measure, COUNT_MS)
      })
    }, () => undefined)
    return () => {
      isGone = true
      clearTimeout(timer)
      leave()
    }
  }, [desk, rules])
  return reach
}
