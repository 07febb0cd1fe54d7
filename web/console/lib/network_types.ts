// Networks and channels connected to them, as the API tells of them.
import type { Id, Time } from '../../shared/api/types'
import type { LengthUnit } from '../../shared/length'
import type * as api from '../../shared/api/types'

export type Visibility = 'public' | 'private'
export type Able = 'hook' | 'poll' | 'listen' | 'private_reply' | 'delivered' | 'read' | 'begin' | 'quote' | 'buttons' | 'templates' | 'calls' | 'comments'
export type ActKind = 'delete' | 'edit' | 'react' | 'hide' | 'unhide' | 'like'

export interface NetworkSetting {
  name: string
  kind: 'text' | 'url' | 'secret' | 'list' | 'choice' | 'number'
  is_required: boolean
  help: string
  standard: string | null
  choices: string[]
}
export interface NetworkMedia { types: string[]; max_bytes: number }
export interface NetworkRules {
  unit: LengthUnit
  max_length: number
  length_setting: string | null
  max_bytes: number | null
  max_length_with_file: number
  files_per_piece: number
  media: NetworkMedia[]
  reply_window_s: number | null
  late_window_s: number | null
  needs_template_after: boolean
  may_number: boolean
  may_split: boolean
}
export interface Network {
  kind: string
  title: string
  able: Able[]
  connect: 'form' | 'oauth2' | 'oauth1'
  settings: NetworkSetting[]
  approval: string | null
  private_rules: NetworkRules | null
  public_rules: NetworkRules | null
  acts_private: string[]
  acts_public: string[]
}

export interface ChannelPace {
  state: 'open' | 'limit' | 'failing' | 'refused'
  until: Time | null
  waiting: number
  limit: number | null
  left: number | null
  reset_at: Time | null
}
export interface ChannelAuth { state: 'ok' | 'refused'; error: string | null; expires_at: Time | null }
/** What a channel has beside what website chats and API channels have; a server without networks leaves it out. */
export interface NetworkChannel {
  external_id?: string | null
  handle?: string | null
  handle_role?: 'brand' | 'support' | null
  avatar_url?: string | null
  hook_url?: string | null
  secrets?: Record<string, boolean>
  auth?: ChannelAuth
  pace?: ChannelPace
}

export interface FoundAccount { external_id: string; handle: string | null; name: string | null; avatar_url: string | null }
export interface Checked {
  outcome: 'sent' | 'final' | 'retry' | 'wait' | 'reauth' | 'unknown'
  why: string | null
  note: string | null
  expires_at: Time | null
  accounts: FoundAccount[]
}
export interface Authorization { kind: string; name: string; accounts: FoundAccount[] }
export interface MessageTemplate {
  name: string
  language: string
  category: string
  state: string
  header: string | null
  body: string
  footer: string | null
  buttons: string[]
  variables: number
}
export interface Reconciliation {
  id: Id
  from: Time
  until: Time
  seen: number
  missed: number
  details: { external_id: string; at: Time | null; text: string }[]
  error: string | null
  at: Time
}

/** The post that a public conversation stands under. */
export interface Post {
  url: string | null
  text: string
  author_name: string | null
  author_handle: string | null
  image_url: string | null
  kind: string
  is_ours: boolean
  at: Time | null
}
/** Which answers are possible now. */
export interface ReplyWays {
  public: boolean
  private: boolean
  default_visibility: Visibility
  window: 'open' | 'late' | 'template' | 'closed'
  window_until: Time | null
  late_until: Time | null
}
/** What a conversation has beside its rows in lists: known once it was opened. */
export interface Ways { post?: Post | null; reply?: ReplyWays | null }

/** What should not stand in public: from and to count bytes of the text's UTF-8. */
export interface Finding { kind: string; from: number; to: number }

/** Kinds of channels that are no network's. */
export const isNetwork = (kind: api.Channel['kind']): boolean => kind !== 'widget' && kind !== 'api'
