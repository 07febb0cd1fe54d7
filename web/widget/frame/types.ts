// The widget's side of the JSON API ("Widget API", /widget/v1): shapes as the server sends them.
import type { Looks } from '../protocol'

export interface Attachment {
  id: string
  name: string
  type: string
  size: number
  width?: number | null
  height?: number | null
  url: string
  thumbnail_url?: string | null
  state: 'ready' | 'processing' | 'refused'
}

export interface Author {
  name: string
  photo_url: string | null
}

export interface Agent extends Author {
  introduction: string
}

export interface WidgetMessage {
  id: string
  from: 'me' | 'agent' | 'system'
  author: Author
  text: string
  attachments: Attachment[]
  state: string
  sent_at: string
  client_id: string | null
}

export interface FormField {
  key: string
  label: string
  type: 'text' | 'email' | 'tel' | 'select' | 'textarea'
  required: boolean
  options?: string[]
}

export interface Settings extends Looks {
  greeting?: string
  intro?: string
  logo_url?: string | null
  prechat?: { enabled: boolean; fields: FormField[]; consent_text?: string; privacy_url?: string }
  show_agent_photo?: boolean
  attachments_enabled?: boolean
  transcript_enabled?: boolean
  require_identity?: boolean
  offline_text?: string
}

export interface Config {
  channel_name: string
  settings: Settings
  languages: string[]
  agents: Agent[]
  is_staffed: boolean
}

export interface Session {
  token: string
  visitor_id: string | null
  contact: { name: string | null; email: string | null } | null
  conversation: { id: string; status: string } | null
  is_new: boolean
}

export interface History {
  conversation: { id: string; status: string } | null
  messages: WidgetMessage[]
  next: string | null
  /** An agent has read up to this message. */
  read_upto: string | null
  agent: Agent | null
}
