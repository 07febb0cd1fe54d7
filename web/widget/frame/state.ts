// The widget's state: one set of signals that components read and the controller (chat.ts) writes.
// No requests here.
import { computed, signal } from '@preact/signals'
import type { WidgetMessages } from '../../shared/gen/widget'
import type { Translate } from '../../shared/messages'
import type { Outgoing } from './queue'
import { unreadOf } from './timeline'
import type { Agent, Config, Session, WidgetMessage } from './types'

export type Phase = 'loading' | 'ready' | 'gone' | 'broken' | 'identity'

export const phase = signal<Phase>('loading')
export const config = signal<Config | null>(null)
export const session = signal<Session | null>(null)
export const locale = signal('en')
/** Set before the first screen that shows words. */
export const words = signal<Translate<WidgetMessages> | null>(null)

export const messages = signal<WidgetMessage[]>([])
export const outgoing = signal<Outgoing[]>([])
export const older = signal<string | null>(null)
export const conversation = signal<{ id: string; status: string } | null>(null)
export const agent = signal<Agent | null>(null)
export const typing = signal<string | null>(null)

export const isOpen = signal(false)
export const isOnline = signal(navigator.onLine)
/** null until a stream was wanted. */
export const isConnected = signal<boolean | null>(null)
export const isFormDone = signal(false)
export const isSoundOn = signal(true)
export const lastRead = signal('0')
/** True where the chat fills its own page: no close button. */
export const isPage = signal(false)

export const unread = computed(() => unreadOf(messages.value, lastRead.value))

export const needsForm = computed(() => {
  const form = config.value?.settings.prechat
  if (!form || isFormDone.value || conversation.value || messages.value.length) return false
  return (form.enabled === true && (form.fields ?? []).length > 0) || Boolean(form.consent_text)
})

export const t: Translate<WidgetMessages> = (key, ...args) => (words.value ? words.value(key, ...args) : '')
