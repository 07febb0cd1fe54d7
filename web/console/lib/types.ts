// The objects of the JSON API as the console reads them. Field meanings: the server's OpenAPI document.

export type Id = string
export type Time = string

export type Status = 'open' | 'pending' | 'snoozed' | 'resolved'
export type Priority = 'none' | 'low' | 'medium' | 'high' | 'urgent'
export type Outcome = 'solved' | 'not_solvable' | 'customer_silent' | 'duplicate' | 'no_reply_needed'
export type MessageState =
  | 'received' | 'held' | 'queued' | 'sending' | 'sent' | 'delivered' | 'read' | 'failed' | 'unknown' | 'cancelled'
export type ChannelKind = 'widget' | 'api'

export const STATUSES: readonly Status[] = ['open', 'pending', 'snoozed', 'resolved']
export const PRIORITIES: readonly Priority[] = ['urgent', 'high', 'medium', 'low', 'none']
export const OUTCOMES: readonly Outcome[] = ['solved', 'not_solvable', 'customer_silent', 'duplicate', 'no_reply_needed']

export interface Agent {
  id: Id
  name: string
  email: string
  role: string
  team_ids: Id[]
  is_active: boolean
  state: 'invited' | 'active' | 'inactive'
  availability: 'online' | 'away'
  is_online: boolean
  photo_url: string | null
  introduction: string | null
  locale: string | null
  time_zone: string | null
  has_totp: boolean
  last_seen_at: Time | null
  settings?: MySettings | null
}

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

export interface Account {
  id: Id
  name: string
  locale: string
  time_zone: string
  undo_seconds: number
  reopen_days: number
  settings?: Record<string, unknown>
}

export interface Session {
  agent: Agent
  account: Account
  capabilities: string[]
  csrf: string
  session_id: string
  server: { version: string; base_url: string; locales: string[]; undo_seconds: number }
}

export interface Team { id: Id; name: string; description: string | null; agent_ids: Id[] }
export interface Role { id: Id | null; key: string; name: string; capabilities: string[]; is_builtin: boolean }
export interface Tag { id: Id; name: string; color: string | null }

export interface ContactShort { id: Id; name: string | null; avatar_url: string | null; is_online: boolean }
export interface Identity {
  id: Id
  channel_id: Id
  channel_kind: ChannelKind
  external_id: string | null
  handle: string | null
  is_verified: boolean
  last_seen_at: Time | null
}
export interface Contact extends ContactShort {
  email: string | null
  phone: string | null
  language: string | null
  time_zone: string | null
  location: string | null
  company: string | null
  note: string | null
  custom: Record<string, unknown>
  identities: Identity[]
  is_blocked: boolean
  created_at: Time
  last_seen_at: Time | null
  conversations_count: number
  current_page?: { url: string; title: string | null } | null
}

export interface Conversation {
  id: Id
  number: number | string
  channel: { id: Id; kind: ChannelKind; name: string }
  contact: ContactShort
  status: Status
  priority: Priority
  assignee_id: Id | null
  team_id: Id | null
  tags: string[]
  subject: string | null
  preview: string | null
  preview_kind: 'in' | 'out' | 'note' | null
  last_message_id: Id | null
  last_message_at: Time | null
  last_in_at: Time | null
  waiting_since: Time | null
  snoozed_until: Time | null
  outcome: Outcome | null
  unread_count: number
  draft?: boolean
  is_public: boolean
  language: string | null
  created_at: Time
  updated_at: Time
  resolved_at: Time | null
  previous_id: Id | null
  version: number
}

export interface Viewer { agent_id: Id; is_typing?: boolean; state?: 'viewing' | 'typing' | 'left' }
export interface ConversationFull extends Conversation {
  contact: Contact
  participants?: Agent[] | Id[]
  viewers?: Viewer[]
}

export interface Attachment {
  id: Id
  name: string
  type: string
  size: number
  width?: number | null
  height?: number | null
  url: string
  thumbnail_url: string | null
  state: 'ready' | 'processing' | 'refused'
}

export interface Activity { type: string; from?: unknown; to?: unknown; [key: string]: unknown }
export interface Author { kind: 'contact' | 'agent' | 'system' | 'token'; id: Id | null; name: string | null; photo_url: string | null }

export interface Message {
  id: Id
  conversation_id: Id
  kind: 'in' | 'out' | 'note' | 'activity'
  author: Author
  text: string
  attachments: Attachment[]
  state: MessageState
  error: string | null
  held_until: Time | null
  client_id: string | null
  mentions: Id[]
  activity: Activity | null
  visibility?: 'private' | 'public'
  sent_at: Time
  received_at?: Time | null
  edited_at: Time | null
  reply_to_id: Id | null
  read_by_contact_at: Time | null
}

export interface ViewFilter {
  status?: Status[]
  assignee?: string | null
  team?: string | null
  channel?: string | null
  tag?: string[]
  priority?: Priority[]
  q?: string | null
  unread?: boolean
  language?: string | null
}
export type Sort = 'due' | 'newest' | 'oldest' | 'waiting'
export interface View {
  id: Id | null
  key: string
  name: string
  filter: ViewFilter
  sort: Sort
  is_shared: boolean
  position: number
}
export interface ViewCount { total: number; unread: number }

export interface Notification {
  id: Id
  type: 'mention' | 'assigned' | 'reply'
  conversation_id: Id
  message_id: Id | null
  actor: Author | null
  preview: string | null
  at: Time
  read_at: Time | null
}

export type PrechatType = 'text' | 'email' | 'tel' | 'select' | 'textarea'
export interface PrechatField { key: string; label: string; type: PrechatType; required: boolean; options?: string[] }
export interface WidgetSettings {
  greeting?: string
  intro?: string
  color?: string
  position?: 'right' | 'left'
  launcher_text?: string
  theme?: 'auto' | 'light' | 'dark'
  logo_upload_id?: Id | null
  prechat?: { enabled: boolean; fields: PrechatField[]; consent_text?: string | null; privacy_url?: string | null }
  allowed_origins?: string[]
  show_agent_photo?: boolean
  attachments_enabled?: boolean
  transcript_enabled?: boolean
  require_identity?: boolean
  offline_text?: string
}
export interface ApiSettings { reply_url?: string | null; events?: string[] }
export interface Channel {
  id: Id
  kind: ChannelKind
  name: string
  is_enabled: boolean
  public_key: string
  languages: string[]
  settings: WidgetSettings & ApiSettings
  health?: { last_in_at: Time | null; last_out_at: Time | null; last_error: string | null } | null
  created_at: Time
  secret?: string
  identity_secret?: string
}

export interface Token { id: Id; name: string; scopes: string[]; created_at: Time; last_used_at: Time | null; expires_at: Time | null; prefix: string; secret?: string }
export interface Webhook { id: Id; name: string; url: string; events: string[]; is_enabled: boolean; secret?: string }
export interface Delivery {
  id: Id
  event_id: string
  event_type: string
  state: 'queued' | 'sending' | 'delivered' | 'failed' | 'dead'
  attempts: number
  last_status: number | null
  last_error: string | null
  next_attempt_at: Time | null
  created_at: Time
  request?: unknown
  response?: unknown
}
export interface Job { id: Id; kind: string; state: string; attempts: number; last_error: string | null; run_at: Time; subject: unknown }
export interface QuarantineItem { id: Id; channel_id: Id | null; reason: string; received_at: Time; size: number; content_type: string | null; attempts: number }
export interface AuditEntry {
  id: Id
  at: Time
  actor: { kind: string; id: Id | null; name: string | null }
  action: string
  subject: { type: string; id: Id | null } | null
  detail: Record<string, unknown>
  ip: string | null
}
export interface SessionRow { id: Id; created_at: Time; last_seen_at: Time; ip: string | null; user_agent: string | null; is_current: boolean }

export interface Page<T> { items: T[]; next: string | null }

export interface LiveEvent {
  id?: string
  type: string
  at?: Time
  subject?: { type: string; id: Id } | null
  data: Record<string, unknown>
}
