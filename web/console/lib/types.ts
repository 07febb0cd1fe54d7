// The API's types as the console reads them: the server's own (made from its route table) with short names for their words, and what
// is the console's alone: its settings of a person, and events before their type is looked at.
import type * as api from '../../shared/api/types'

export type {
  Account, Activity, Attachment, AuditEntry, Author, Contact, ContactShort, Delivery, Export, Grant, Id, Identity, Job, Letter, Message, Notification, Page,
  QuarantineItem, Role, SessionRow, Tag, Team, Time, ViewCount,
} from '../../shared/api/types'
export type { FormField as PrechatField } from '../../shared/api/types'

export type Status = api.Conversation['status']
export type Priority = api.Conversation['priority']
export type Outcome = NonNullable<api.Conversation['outcome']>
export type MessageState = api.Message['state']
export type ChannelKind = api.Channel['kind']
export type Sort = api.View['sort']
export type PrechatType = api.FormField['type']

export const STATUSES: readonly Status[] = ['open', 'pending', 'snoozed', 'resolved']
export const PRIORITIES: readonly Priority[] = ['urgent', 'high', 'medium', 'low', 'none']
export const OUTCOMES: readonly Outcome[] = ['solved', 'not_solvable', 'customer_silent', 'duplicate', 'no_reply_needed']

/** What the console keeps for a person on the server: free JSON to the API. */
export interface MySettings {
  theme?: 'auto' | 'light' | 'dark'
  contrast?: 'normal' | 'high'
  density?: 'comfortable' | 'compact'
  single_keys?: boolean
  keys?: Record<string, string>
  notify_desktop?: boolean
  notify_sound?: boolean
  guide_done?: boolean
}

export type Agent = Omit<api.Agent, 'settings'> & { settings?: MySettings }
export type Session = Omit<api.Session, 'agent'> & { agent: Agent }
/** Null is how the console says "not narrowed"; it is left out when a view is stored. */
export type ViewFilter = { [Name in keyof api.ViewFilter]: api.ViewFilter[Name] extends string | undefined ? string | null : api.ViewFilter[Name] }
export type View = Omit<api.View, 'filter' | 'agent_id'> & { filter: ViewFilter; agent_id?: api.Id | null }
/** Of an opened conversation, or as `presence.changed` tells it. */
export type Viewer = api.Viewer & { state?: api.PresentAgent['state'] | 'left' }
/** As in lists; events leave out what belongs to one agent, the store keeps what it knew. */
export type Conversation = api.Conversation
export type ConversationFull = api.ConversationFull
/** Null takes the logo, or the mailbox, away. */
export type WidgetSettings = Omit<api.ChannelSettings, 'logo_upload_id' | 'mail_channel_id'> & { logo_upload_id?: api.Id | null; mail_channel_id?: api.Id | null }
export type ApiSettings = api.ChannelSettings
/** A secret is in the answer that made it, never again. */
export type Channel = api.Channel & Partial<Pick<api.ChannelMade, 'secret' | 'identity_secret'>>
export type Token = api.Token & Partial<Pick<api.TokenMade, 'secret'>>
export type Webhook = api.Webhook & Partial<Pick<api.WebhookMade, 'secret'>>

export interface LiveEvent {
  id?: string
  type: string
  at?: api.Time
  subject?: { type: string; id: api.Id } | null
  data: Record<string, unknown>
}
