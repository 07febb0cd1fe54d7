// The JSON API's types. Made from the server's route table by `seva routes --typescript`; do not edit.

/** Digits. */
export type Id = string
/** RFC 3339, UTC, with milliseconds. */
export type Time = string

/** A list's answer; `next` is the `cursor` of the next page, null on the last. */
export interface Page<T> {
  items: T[]
  next: string | null
}

/** An account in which to sign in. */
export interface AccountChoice {
  id: Id
  name: string
}

/** Who wrote or did it. */
export interface Author {
  kind: 'contact' | 'agent' | 'system' | 'token'
  id: Id | null
  /** may be empty */
  name: string
  /** of an agent; below the base URL */
  photo_url: string | null
}

/** A file of a message. */
export interface Attachment {
  id: Id
  /** of the file */
  name: string
  /** MIME type by content */
  type: string
  /** bytes */
  size: number
  /** pixels, of a picture */
  width: number | null
  /** pixels, of a picture */
  height: number | null
  /** below the base URL; null while there is no file */
  url: string | null
  /** a small WebP; null: show `url` or a sign */
  thumbnail_url: string | null
  /** processing: its thumbnail is being made */
  state: 'ready' | 'processing' | 'fetching' | 'failed'
  /** fetching, failed: what went wrong */
  error?: string | null
  /** fetching, failed: where it is; empty: nowhere but here */
  source_url?: string
}

/** A change of the conversation. */
export interface Activity {
  /** status, priority, assignee, team, outcome, tags, moved, joined, joined_into, separated, hide, unhide, act_failed, automatic_refused or automatic_stopped */
  type: string
  /** tags: what was taken off; joined, joined_into, separated: the other conversation; automatic_refused: why */
  from: string | null
  /** tags: what was put on; joined …: its number; automatic_…: the address */
  to: string | null
}

/** A reaction to a message. */
export interface Reaction {
  emoji: string
  /** contact or us */
  by: string
  name: string | null
}

/** One message. */
export interface Message {
  id: Id
  conversation_id: Id
  /** in: from the customer; out: to the customer */
  kind: 'in' | 'out' | 'note' | 'activity'
  author: Author
  text: string
  attachments: Attachment[]
  /** unknown: may have been sent */
  state: 'received' | 'held' | 'queued' | 'sending' | 'sent' | 'delivered' | 'read' | 'failed' | 'unknown' | 'cancelled'
  /** why it could not be sent */
  error: string | null
  /** until then it may be taken back */
  held_until: Time | null
  /** it was to go out then; held without held_until: the customer has written since */
  planned_at: Time | null
  /** the writer's own UUID */
  client_id: string | null
  /** agents */
  mentions: Id[]
  /** of kind activity */
  activity: Activity | null
  visibility: 'private' | 'public'
  /** in: a program wrote it, and nobody is waited for; out: Seva wrote it by itself */
  is_automatic: boolean
  /** the channel's time, at the latest that of receipt */
  sent_at: Time
  received_at: Time | null
  edited_at: Time | null
  reply_to_id: Id | null
  read_by_contact_at: Time | null
  /** gone on the network since then */
  deleted_at: Time | null
  /** what else is in it: location, contact, buttons … */
  parts: Record<string, unknown>[]
  reactions: Reaction[]
  /** of a website chat: it has gone out, or come, as a mail */
  by_mail: boolean
}

/** Personal data in a text. */
export interface PersonalFinding {
  kind: 'card' | 'phone' | 'mail' | 'order'
  /** UTF-16 units of the text before it */
  from: number
  /** the same to its end */
  to: number
}

/** What a program needs to go on. */
export interface FaultDetails {
  /** conflict.stale: what was not seen yet */
  messages?: Message[]
  /** conflict.offset: where the upload stands */
  received?: number
  /** conflict.personal: what would be public */
  findings?: PersonalFinding[]
  /** conflict.capture: where to answer */
  url?: string | null
  /** conflict.joined: where it went */
  conversation_id?: Id
}

/** Why a request was refused. */
export interface Fault {
  /** invalid, unauthenticated, forbidden, not_found, conflict, limit, busy, upstream or internal; a dot and a finer word may follow */
  code: string
  /** for the person who can act */
  message: string
  /** the name in the input that is wrong */
  field: string | null
  /** finds the request in the log */
  trace: string | null
  /** conflict.choose_account */
  choices?: AccountChoice[]
  details?: FaultDetails
}

/** Every refusal. */
export interface Error {
  error: Fault
}

/** What an agent's role is narrowed to. */
export interface Grant {
  scope: 'team' | 'channel'
  /** of the team or channel */
  id: Id
}

/** Somebody who answers customers. */
export interface Agent {
  id: Id
  name: string
  email: string
  /** key of a role */
  role: string
  /** teams of which the agent is a member */
  team_ids: Id[]
  /** empty = the whole account */
  grants: Grant[]
  /** false: may not sign in */
  is_active: boolean
  state: 'invited' | 'active' | 'inactive'
  /** what the agent chose */
  availability: 'online' | 'away'
  /** available and seen in the last ten minutes */
  is_online: boolean
  /** below the base URL; public */
  photo_url: string | null
  /** what visitors read about the agent */
  introduction: string
  locale: string
  /** IANA name */
  time_zone: string
  /** a second factor is on */
  has_totp: boolean
  last_seen_at: Time | null
  /** has ended a call and is not done with it */
  is_in_wrap_up: boolean
  /** rings for calls; only to the agent itself */
  phone?: string | null
  /** the console's own; only to the agent itself */
  settings?: Record<string, unknown>
}

/** A company's customer care. */
export interface Account {
  id: Id
  name: string
  /** language of new people and of mails */
  locale: string
  /** IANA name */
  time_zone: string
  /** how long a reply is held and may be taken back */
  undo_seconds: number
  /** a customer who writes within them reopens the conversation */
  reopen_days: number
  /** the console's own */
  settings: Record<string, unknown>
  /** the mailbox that invitations and password resets go out by */
  mail_channel_id: Id | null
  created_at: Time
}

/** The server that answers. */
export interface ServerInfo {
  version: string
  base_url: string
  /** languages of the console */
  locales: string[]
  /** as in the account */
  undo_seconds: number
}

/** Who is signed in, and where. */
export interface Session {
  /** oneself, with settings */
  agent: Agent
  account: Account
  /** what one may do */
  capabilities: ('conversation.read' | 'conversation.reply' | 'conversation.note' | 'conversation.assign' | 'conversation.update' | 'conversation.bulk' | 'contact.read' | 'contact.update' | 'attachment.read' | 'event.read' | 'view.share' | 'tag.manage' | 'channel.manage' | 'agent.read' | 'agent.manage' | 'team.manage' | 'role.manage' | 'token.manage' | 'webhook.manage' | 'audit.read' | 'account.manage' | 'job.manage' | 'quarantine.manage' | 'contact.export')[]
  /** for X-Seva-CSRF with every request that is no GET */
  csrf: string
  session_id: Id
  server: ServerInfo
}

/** A browser in which one is signed in. */
export interface SessionRow {
  id: Id
  created_at: Time
  last_seen_at: Time
  /** where it began */
  ip: string
  /** the browser's own words */
  user_agent: string
  /** the one that asks */
  is_current: boolean
}

/** What an authenticator needs. */
export interface TotpSecret {
  /** base32, to type in by hand */
  secret: string
  /** otpauth:, to show as a picture */
  uri: string
}

/** For the day the authenticator is lost. */
export interface RecoveryCodes {
  /** each signs in once; shown this once */
  recovery_codes: string[]
}

/** What a link from an invitation or reset is for. */
export interface Link {
  purpose: 'invitation' | 'reset'
  /** whose it is */
  email: string
  account_name: string
  /** ask for it */
  needs_name: boolean
  /** ask for the password of now, not for a new one */
  has_password: boolean
}

/** How to get a new password. */
export interface PasswordResetWay {
  /** false: ask somebody who manages people for a link */
  by_mail: boolean
}

/** A link with which somebody sets a password. */
export interface LinkMade {
  /** to be opened by the person, once */
  url: string
  expires_at: Time
  /** it is on its way to them by mail */
  is_mailed: boolean
}

/** A new agent and the link to give to it. */
export interface AgentInvited {
  agent: Agent
  link: LinkMade
}

/** Agents who share conversations. */
export interface Team {
  id: Id
  name: string
  description: string
  /** its members */
  agent_ids: Id[]
}

/** A set of capabilities. */
export interface Role {
  /** null when built in */
  id: Id | null
  /** what an agent's `role` says */
  key: string
  name: string
  /** what it allows */
  capabilities: ('conversation.read' | 'conversation.reply' | 'conversation.note' | 'conversation.assign' | 'conversation.update' | 'conversation.bulk' | 'contact.read' | 'contact.update' | 'attachment.read' | 'event.read' | 'view.share' | 'tag.manage' | 'channel.manage' | 'agent.read' | 'agent.manage' | 'team.manage' | 'role.manage' | 'token.manage' | 'webhook.manage' | 'audit.read' | 'account.manage' | 'job.manage' | 'quarantine.manage' | 'contact.export')[]
  is_builtin: boolean
}

/** An API token, without its secret. */
export interface Token {
  id: Id
  name: string
  /** what it may do */
  scopes: ('conversation.read' | 'conversation.reply' | 'conversation.note' | 'conversation.assign' | 'conversation.update' | 'conversation.bulk' | 'contact.read' | 'contact.update' | 'attachment.read' | 'event.read' | 'view.share' | 'tag.manage' | 'channel.manage' | 'agent.read' | 'agent.manage' | 'team.manage' | 'role.manage' | 'token.manage' | 'webhook.manage' | 'audit.read' | 'account.manage' | 'job.manage' | 'quarantine.manage' | 'contact.export')[]
  /** how its secret begins */
  prefix: string
  /** who made it */
  agent_id: Id
  created_at: Time
  last_used_at: Time | null
  /** null = never */
  expires_at: Time | null
}

/** A new API token with its secret. */
export interface TokenMade extends Token {
  /** shown this once */
  secret: string
}

/** Who did it. */
export interface AuditActor {
  /** agent, token, visitor, system or nobody */
  kind: string
  id: Id | null
  name: string
}

/** What an event or an entry of the audit is about. */
export interface Subject {
  /** agent, channel, conversation … */
  type: string
  id: Id | null
}

/** One thing that was done. */
export interface AuditEntry {
  id: Id
  at: Time
  actor: AuditActor
  /** "agent.invited" … */
  action: string
  subject: Subject
  /** depends on the action; never a message's text */
  detail: Record<string, unknown>
  ip: string | null
}

/** A question before the first message. */
export interface FormField {
  /** name, email, phone or one of your own */
  key: string
  /** left out or empty: the word of the visitor's language */
  label?: string
  type: 'text' | 'email' | 'tel' | 'select' | 'textarea'
  /** false when left out */
  required?: boolean
  /** of a select */
  options?: string[] | null
}

/** The form before the first message. */
export interface PrechatForm {
  /** false when left out */
  enabled?: boolean
  fields?: FormField[]
  /** asks for agreement */
  consent_text?: string | null
  privacy_url?: string | null
}

/** What everybody may know of a website chat's settings. */
export interface WidgetLooks {
  greeting?: string
  intro?: string
  /** #rrggbb */
  color?: string
  position?: 'right' | 'left'
  launcher_text?: string
  theme?: 'auto' | 'light' | 'dark'
  prechat?: PrechatForm
  /** true when left out */
  show_agent_photo?: boolean
  /** true when left out */
  attachments_enabled?: boolean
  /** true when left out */
  transcript_enabled?: boolean
  /** the visitor may have the transcript mailed to the address they gave */
  transcript_mail_enabled?: boolean
  /** only for the site's signed-in users */
  require_identity?: boolean
  /** when nobody is there */
  offline_text?: string
}

/** Of a website chat, an API channel, or (other names, see /networks) a network; only what was set. */
export interface ChannelSettings extends WidgetLooks {
  /** website chat */
  logo_upload_id?: Id
  /** website chat: it goes on by mail through this mailbox when its visitor has left */
  mail_channel_id?: Id
  /** website chat: so long an answer may be unseen; 5 when left out */
  mail_after_minutes?: number
  /** website chat: where it may stand; empty or left out = everywhere */
  allowed_origins?: string[]
  /** API channel: replies are posted here */
  reply_url?: string
  /** API channel */
  events?: string[]
}

/** How the network takes the channel's credentials. */
export interface ChannelAuth {
  /** refused: the network does not take the credentials; limited: a permission, payment or plan is lacking */
  state: 'ok' | 'refused' | 'limited'
  /** refused, limited: why, and what to do */
  error: string | null
  /** null: never, or not known */
  expires_at: Time | null
}

/** How fast a channel may send. */
export interface ChannelPace {
  /** why nothing is sent now; open: it is */
  state: 'open' | 'limit' | 'failing' | 'refused'
  /** when it is tried again */
  until: Time | null
  /** messages that wait to be sent */
  waiting: number
  /** what the network said of its budget; near its end only */
  limit: number | null
  /** of the limit */
  left: number | null
  /** when all of it is there again */
  reset_at: Time | null
}

/** When it last worked, and what went wrong. */
export interface ChannelHealth {
  last_in_at: Time | null
  last_out_at: Time | null
  last_error: string | null
}

/** Where customers write. */
export interface Channel {
  id: Id
  kind: 'widget' | 'api' | 'email' | 'facebook' | 'instagram' | 'whatsapp' | 'x' | 'linkedin' | 'tiktok' | 'youtube' | 'google_reviews' | 'telegram' | 'line' | 'viber' | 'sms' | 'voice' | 'pbx' | 'mastodon' | 'bluesky'
  name: string
  is_enabled: boolean
  /** its key in the addresses of widgets and hooks */
  public_key: string
  /** language tags */
  languages: string[]
  settings: ChannelSettings
  /** which are set; their values are never shown */
  secrets: Record<string, boolean>
  /** the network's id of the account */
  external_id: string | null
  /** of the account, as people write it */
  handle: string | null
  /** what the handle is there for */
  handle_role: 'brand' | 'support' | null
  /** of the account */
  avatar_url: string | null
  /** where the network calls; null: it does not */
  hook_url: string | null
  auth: ChannelAuth
  pace: ChannelPace
  health: ChannelHealth
  created_at: Time
}

/** A new channel with its secret. */
export interface ChannelMade extends Channel {
  /** of an API channel or a network (which may ask for it as a verify token); shown this once */
  secret?: string
  /** of a website chat; shown this once */
  identity_secret?: string
}

/** A new secret in place of an old one. */
export interface SecretRotated {
  /** shown this once */
  secret: string
  /** so long the old one is good too */
  kept_until: Time
}

/** What a site includes to show its chat. */
export interface Snippet {
  /** to be put into the pages of the site */
  html: string
}

/** What the form of a network asks. */
export interface NetworkSetting {
  /** in a channel's settings */
  name: string
  /** secret: sealed, never shown again; texts: a list of {language, subject, text} */
  kind: 'text' | 'url' | 'host' | 'secret' | 'list' | 'choice' | 'number' | 'json' | 'lines' | 'texts'
  is_required: boolean
  /** English; may be empty */
  help: string
  /** what is taken when it is left out */
  standard: string | null
  /** of kind choice */
  choices: string[]
}

/** Files that go there. */
export interface NetworkMedia {
  /** image/jpeg, video/ (all of them) or * */
  types: string[]
  max_bytes: number
}

/** What a message of one visibility may be. */
export interface NetworkRules {
  /** in which texts are counted */
  unit: 'code_points' | 'graphemes' | 'utf16' | 'bytes' | 'x' | 'mastodon' | 'sms'
  /** in the unit; see also length_setting */
  max_length: number
  /** the channel's setting that says max_length */
  length_setting: string | null
  /** of the text, besides */
  max_bytes: number | null
  /** 0: text and files go one after the other */
  max_length_with_file: number
  /** 0: no files */
  files_per_piece: number
  media: NetworkMedia[]
  /** after the customer's last private message */
  reply_window_s: number | null
  /** longer, for what a person writes */
  late_window_s: number | null
  /** then a template still goes */
  needs_template_after: boolean
  /** parts of a long text are numbered */
  may_number: boolean
  /** a text that is too long goes in parts */
  may_split: boolean
}

/** Where channels can be connected to. */
export interface Network {
  /** of its channels */
  kind: string
  title: string
  /** what it can */
  able: ('hook' | 'poll' | 'listen' | 'private_reply' | 'delivered' | 'read' | 'begin' | 'quote' | 'buttons' | 'templates' | 'calls' | 'comments' | 'compare')[]
  /** form, or by a page of the network's */
  connect: 'form' | 'oauth2' | 'oauth1'
  settings: NetworkSetting[]
  /** what the network wants to see first; English */
  approval: string | null
  /** null: no private messages */
  private_rules: NetworkRules | null
  /** null: no public messages */
  public_rules: NetworkRules | null
  /** what can be done to a private message */
  acts_private: ('delete' | 'edit' | 'react' | 'hide' | 'unhide' | 'like' | 'read')[]
  /** to a public one */
  acts_public: ('delete' | 'edit' | 'react' | 'hide' | 'unhide' | 'like' | 'read')[]
}

/** An account that the credentials reach. */
export interface NetworkAccount {
  /** the network's id of it */
  external_id: string
  /** as people write it */
  handle: string | null
  name: string | null
  avatar_url: string | null
}

/** What a network says to credentials. */
export interface Checked {
  /** sent: it works; reauth: the credentials are refused; retry and wait: not now */
  outcome: 'sent' | 'final' | 'retry' | 'wait' | 'reauth' | 'unknown'
  /** words, unless it works */
  why: string | null
  /** what works less than it could, and what to do */
  note: string | null
  /** of the credentials */
  expires_at: Time | null
  /** one, or several to choose from */
  accounts: NetworkAccount[]
}

/** A message that the network has approved. */
export interface Template {
  name: string
  /** as the network writes it */
  language: string
  /** the network's word; may be empty */
  category: string
  /** approved, or the network's word */
  state: string
  header: string | null
  /** with {{1}} or {{name}} for each variable */
  body: string
  footer: string | null
  /** titles */
  buttons: string[]
  /** how many there are */
  variables: number
}

/** The network's page. */
export interface AuthorizationBegun {
  /** where the browser goes; the network sends it back */
  url: string
}

/** Accounts to choose from. */
export interface Authorization {
  /** of the network */
  kind: string
  /** of the new channel */
  name: string | null
  accounts: NetworkAccount[]
}

/** What became of a post. */
export interface Captured {
  /** 1: it stands in the inbox now */
  accepted: number
  /** 1: it was brought in before */
  duplicates: number
  /** where it stands */
  conversation_id: Id
  message_id: Id
}

/** A message that the network has and Seva had not. */
export interface MissedMessage {
  /** the network's id */
  external_id: string
  at: Time | null
  /** who wrote it; of mails */
  from?: string
  /** how it begins; of a mail its subject */
  text: string
}

/** A comparison of a channel with its network. */
export interface Reconciliation {
  id: Id
  /** the time compared */
  from: Time
  until: Time
  /** messages that the network has */
  seen: number
  /** of these: were not here; they have been taken in */
  missed: number
  /** at most 100 */
  details: MissedMessage[]
  /** why it could not be compared */
  error: string | null
  at: Time
  /** somebody has asked for it, and it is not over: seen and missed are not known yet */
  is_running: boolean
}

/** A question of Amazon SNS that somebody has to answer. */
export interface MailSubscription {
  /** the topic's ARN; null: nobody asks */
  topic: string | null
  /** Amazon's link: whoever opens it lets the topic post to this mailbox */
  url: string | null
  asked_at: Time | null
  /** so long the link is good */
  until: Time | null
}

/** An address that hears events. */
export interface Webhook {
  id: Id
  name: string
  url: string
  /** types, or * for all */
  events: string[]
  is_enabled: boolean
  failing_since: Time | null
  /** when Seva switched it off */
  disabled_reason: string | null
  /** after a change of the secret */
  old_secret_kept_until: Time | null
  created_at: Time
  updated_at: Time
}

/** A new webhook with its secret. */
export interface WebhookMade extends Webhook {
  /** signs what is sent; shown this once */
  secret: string
}

/** One event on its way to one webhook. */
export interface Delivery {
  id: Id
  /** null of a ping */
  event_id: string | null
  event_type: string
  /** failed: is tried again; dead: is not */
  state: 'queued' | 'sending' | 'delivered' | 'failed' | 'dead'
  attempts: number
  /** of HTTP */
  last_status: number | null
  last_error: string | null
  next_attempt_at: Time | null
  created_at: Time
  /** the body; null once the event is forgotten */
  request: string | null
  /** how the last answer began */
  response: string | null
}

/** Work without a request. */
export interface Job {
  id: Id
  /** deliver, thumbnail … */
  kind: string
  /** dead: given up; waits for somebody to look */
  state: 'queued' | 'running' | 'dead'
  attempts: number
  last_error: string | null
  /** not before */
  run_at: Time
  created_at: Time
  /** id of what it works on */
  subject: string
}

/** Something received that could not be understood. */
export interface QuarantineItem {
  id: Id
  channel_id: Id | null
  /** why it was not understood */
  reason: string | null
  received_at: Time
  /** bytes */
  size: number
  content_type: string | null
  attempts: number
}

/** What became of a delivery. */
export interface HookAnswer {
  /** messages that are stored and will be taken in */
  accepted: number
  /** messages of a delivery that was here before */
  duplicates: number
}

/** What became of reports on replies. */
export interface HookStatusAnswer {
  accepted: number
  /** not a reply of this channel, or not a state */
  unknown: number
}

/** The channel of a conversation. */
export interface ChannelShort {
  id: Id
  /** null: a channel that was removed long ago */
  kind: 'widget' | 'api' | 'email' | 'facebook' | 'instagram' | 'whatsapp' | 'x' | 'linkedin' | 'tiktok' | 'youtube' | 'google_reviews' | 'telegram' | 'line' | 'viber' | 'sms' | 'voice' | 'pbx' | 'mastodon' | 'bluesky' | null
  name: string
}

/** A contact in a list of conversations. */
export interface ContactShort {
  id: Id
  /** of a conversation's: without one the mail address; may be empty */
  name: string
  avatar_url: string | null
  /** has the website's chat open */
  is_online: boolean
}

/** A conversation as events carry it: without what belongs to one agent. */
export interface ConversationNews {
  id: Id
  /** what people call it by; counted per account */
  number: number
  channel: ChannelShort
  contact: ContactShort
  status: 'open' | 'pending' | 'snoozed' | 'resolved'
  priority: 'none' | 'low' | 'medium' | 'high' | 'urgent'
  /** an agent */
  assignee_id: Id | null
  team_id: Id | null
  /** names, sorted */
  tags: string[]
  subject: string | null
  /** how the last message begins */
  preview: string
  /** auto: a program's mail; empty before the first message */
  preview_kind: 'in' | 'auto' | 'out' | 'note' | ''
  last_message_id: Id | null
  last_message_at: Time | null
  /** the customer's last message */
  last_in_at: Time | null
  /** first customer message without an answer */
  waiting_since: Time | null
  snoozed_until: Time | null
  /** of a resolved one */
  outcome: 'solved' | 'not_solvable' | 'customer_silent' | 'duplicate' | 'no_reply_needed' | null
  /** others can read it where it was written */
  is_public: boolean
  /** language tag */
  language: string | null
  created_at: Time
  updated_at: Time
  resolved_at: Time | null
  /** the resolved conversation that this one goes on */
  previous_id: Id | null
  /** the conversation that it may belong to: `related` of the whole one says why */
  related_id: Id | null
  /** it was joined: its messages are there now */
  joined_id: Id | null
  /** grows with every change; for expected_version */
  version: number
}

/** An exchange with a customer. */
export interface Conversation extends ConversationNews {
  /** for the asking agent */
  unread_count: number
  /** the asking agent has begun to write */
  draft: boolean
}

/** A conversation that was not changed. */
export interface BulkFailed {
  id: Id
  /** as in Error */
  code: string
  message: string
}

/** What became of a bulk change. */
export interface BulkResult {
  changed: number
  failed: BulkFailed[]
  /** takes it all back, within ten minutes */
  undo_token: Id | null
}

/** A contact on one channel. */
export interface Identity {
  id: Id
  channel_id: Id
  /** null: of a channel that was removed long ago */
  channel_kind: 'widget' | 'api' | 'email' | 'facebook' | 'instagram' | 'whatsapp' | 'x' | 'linkedin' | 'tiktok' | 'youtube' | 'google_reviews' | 'telegram' | 'line' | 'viber' | 'sms' | 'voice' | 'pbx' | 'mastodon' | 'bluesky' | null
  /** the channel's own id of the person */
  external_id: string
  handle: string | null
  /** the site or network vouches for it */
  is_verified: boolean
  last_seen_at: Time | null
}

/** A page of the site. */
export interface PageSeen {
  url: string
  title: string | null
}

/** A customer. */
export interface Contact extends ContactShort {
  email: string | null
  phone: string | null
  /** language tag */
  language: string | null
  /** IANA name */
  time_zone: string | null
  location: string | null
  company: string | null
  note: string | null
  /** fields of your own */
  custom: Record<string, unknown>
  identities: Identity[]
  is_blocked: boolean
  created_at: Time
  last_seen_at: Time | null
  updated_at: Time
  /** of a visitor who is there */
  current_page?: PageSeen
  /** left out in lists */
  conversations_count?: number
}

/** An agent who took part. */
export interface Participant {
  id: Id
  name: string
}

/** An agent who has it open now. */
export interface Viewer {
  agent_id: Id
  is_typing: boolean
}

/** What the public messages of a conversation stand under. */
export interface Post {
  kind: 'post' | 'video' | 'story' | 'review' | 'ad'
  /** at the network */
  url: string | null
  /** may be empty */
  text: string
  author_name: string | null
  author_handle: string | null
  /** at the network */
  image_url: string | null
  /** we published it */
  is_ours: boolean
  /** when it was published */
  at: Time | null
}

/** What may be answered now; lengths and files: the rules of the channel's network. */
export interface ReplyRoom {
  /** a public reply is possible */
  public: boolean
  /** a private one is, also one to the author of a public message */
  private: boolean
  /** what is taken when nothing is said */
  default_visibility: 'private' | 'public'
  /** of private replies. late: only by a person; template: only one of those; closed: not now */
  window: 'open' | 'late' | 'template' | 'closed'
  /** open until then */
  window_until: Time | null
  /** late until then */
  late_until: Time | null
  /** brought in by hand: to be answered there */
  answer_url: string | null
}

/** Another conversation that this may belong to. */
export interface RelatedConversation {
  id: Id
  number: number
  subject: string | null
  /** whom that one is with */
  contact_name: string
  /** the mail answers one there; it came to its address; its subject has the number; it goes on from there under another subject */
  why: 'answer' | 'address' | 'number' | 'subject'
  /** whose mail begins this conversation */
  sender: string
  /** the mail is from that address for certain */
  is_proven: boolean
  /** that address takes part there */
  takes_part: boolean
}

/** A conversation that was opened. */
export interface ConversationFull extends Conversation {
  contact: Contact
  participants: Participant[]
  viewers: Viewer[]
  /** of public messages */
  post: Post | null
  reply: ReplyRoom
  /** null also when you may not see it */
  related: RelatedConversation | null
}

/** Somebody in the head of a mail. */
export interface MailPerson {
  /** may be empty */
  name: string
  /** may be empty */
  address: string
}

/** How a trusted server checked the sender. */
export interface MailAuth {
  /** is the sender who they say? none: nobody we trust has said anything that settles it */
  verdict: 'pass' | 'fail' | 'none'
  /** the receiving server's word; empty: it said nothing */
  spf: string
  dkim: string
  dmarc: string
  /** which server says so */
  by: string
}

/** Who signed a mail, and what that is worth. */
export interface MailSignature {
  /** verified: by the sender, as a key or certificate of the account's says; other: so, but by another address; unknown: nobody in the account's list vouches; partly: not all is signed */
  state: 'verified' | 'other' | 'unknown' | 'expired' | 'revoked' | 'altered' | 'weak' | 'partly' | 'broken'
  how: 'smime' | 'pgp'
  /** whom the certificate or key names; may be empty */
  name: string
  /** may be empty */
  address: string
  /** hex; empty: unknown */
  fingerprint: string
  /** when its authority took the certificate back */
  revoked_at: Time | null
}

/** An invitation to a meeting. */
export interface MailInvitation {
  /** REQUEST, CANCEL, REPLY … */
  method: string
  summary: string
  /** a time, or a day; empty: not said */
  starts_at: string
  /** the last day is in it */
  ends_at: string
  is_all_day: boolean
  /** the organiser's; empty: none */
  time_zone: string
  location: string
  organizer: MailPerson
  /** how many are invited */
  attendees: number
  /** daily, weekly …; empty: once */
  recurrence: string
}

/** What became of a mail at one of its recipients. */
export interface MailRecipient {
  address: string
  /** taken: by the server for sending; later: it asks for patience; refused, bounced: for good; stopped: an agent gave it up */
  state: 'taken' | 'later' | 'refused' | 'unknown' | 'delayed' | 'delivered' | 'bounced' | 'read' | 'complained' | 'stopped'
  /** why, mostly the server's; may be empty */
  words: string
  /** where the words are Seva's own: what they say, to be said in another language */
  reason?: 'stopped' | 'maybe_sent'
  /** where the words begin with a sentence of Seva's: its name, to be said in another language (detail of a status, as 1.1, or failed, later, delayed, delivered, read, unread …) */
  sentence?: string
  /** with sentence: what the other server said */
  said?: string
  /** with stopped: the agent */
  by?: string
  /** with stopped: when */
  at?: Time
}

/** What a mail is beside its message. */
export interface Mail {
  subject: string
  /** Message-ID, without < > */
  message_id: string
  from: MailPerson
  /** where answers are wanted; empty: at the sender's */
  reply_to: string
  /** without the mailbox itself */
  to: MailPerson[]
  cc: MailPerson[]
  /** of ours */
  bcc: MailPerson[]
  /** what the mail says of itself */
  date: Time | null
  /** all of it, also what it quotes */
  text: string
  /** as it came, active content and all: clean it, and show it in a sandbox */
  html: string
  auth: MailAuth
  /** signed or encrypted */
  guard: 'open' | 'signed_smime' | 'signed_pgp' | 'encrypted_smime' | 'encrypted_pgp'
  /** of a signed one */
  signature: MailSignature | null
  /** content id → attachment */
  inline: Record<string, Id>
  calendar: MailInvitation | null
  /** pictures from elsewhere, for this sender */
  images_allowed: boolean
  /** written here */
  is_ours: boolean
  /** of ours: what was posted as mail, to write it again */
  written: Record<string, unknown> | null
  /** of ours, as far as it was tried */
  recipients: MailRecipient[]
  /** when those who wait are tried again */
  again_at: Time | null
  /** of ours: it waits for another try, and can be stopped */
  is_waiting: boolean
  /** a program wrote it; away: an out-of-office notice; loop: ours, come back; empty: a person */
  automatic: '' | 'away' | 'list' | 'machine' | 'loop'
  /** how that was seen, in English; may be empty */
  automatic_why: string
  /** the same to be said in another language: auto_submitted, suppress, precedence, autoresponder, list, report, null_path, sender, feedback; may be empty */
  automatic_rule: string
  /** what could not be read of it, in words; empty: nothing */
  degraded: string
}

/** A file of a mail that came as a file. */
export interface CarriedFile {
  /** its number, to fetch it */
  part: number
  name: string
  /** what the mail calls it */
  type: string
  /** bytes */
  size: number
  /** by which the HTML may show it: cid:…; empty: none */
  content_id: string
  /** it can be read in its turn */
  is_mail: boolean
}

/** A mail that came as a file of another. */
export interface CarriedMail {
  subject: string
  /** nobody has checked that */
  from: MailPerson
  to: MailPerson[]
  cc: MailPerson[]
  /** what the mail says of itself */
  date: Time | null
  text: string
  /** as it came, active content and all: clean it, and show it in a sandbox */
  html: string
  files: CarriedFile[]
  /** what could not be read of it, in words; empty: nothing */
  degraded: string
}

/** Somebody that a mail names. */
export interface MailWho {
  /** may be empty */
  name: string
  /** may be empty */
  address: string
}

/** What a mail begins with. */
export interface MailWriting {
  /** as customers see the mailbox */
  from: MailWho
  /** null: nobody is known yet */
  to: MailWho | null
  /** those who take part */
  cc: MailWho[]
  /** as an answer; empty: there is none yet */
  subject: string
  /** what the customer wrote last */
  quote_id: Id | null
  /** HTML, filled; empty: none */
  signature: string
  /** of placeholders */
  values: Record<string, string>
}

/** A text that a mailbox keeps ready. */
export interface MailTemplate {
  id: Id
  /** the mailbox */
  channel_id: Id
  name: string
  /** empty: the subject of the mail stays as it is */
  subject: string
  /** cleaned, with placeholders */
  html: string
  updated_at: Time
}

/** What is known against a mail address. */
export interface MailAddress {
  address: string
  /** nothing is sent there until it is tried again */
  is_invalid: boolean
  /** mails that came back for good since it last worked */
  bounces: number
  /** of the last report */
  words: string
  /** as that of a recipient of a mail; may be empty */
  sentence: string
  /** the words without that sentence; may be empty */
  said: string
  /** the last one */
  bounced_at: Time | null
  /** its owner called a mail spam: only people write there */
  complained_at: Time | null
}

/** What is known against addresses. */
export interface MailAddresses {
  /** by address; at most 200 */
  items: MailAddress[]
}

/** What is to be entered into the domain's DNS. */
export interface MailKeyRecord {
  /** of the TXT record */
  name: string
  /** its text; long: some forms want it in pieces of 255 bytes */
  value: string
}

/** A mail of Seva that is no message of a mailbox. */
export interface Letter {
  id: Id
  /** chat: what a visitor of a website chat had not seen */
  kind: 'chat' | 'transcript' | 'invitation' | 'password_reset'
  /** the mailbox that it goes out by */
  channel_id: Id
  conversation_id: Id | null
  to_name: string | null
  to_address: string
  subject: string
  /** unknown: may have been sent */
  state: 'queued' | 'sending' | 'sent' | 'failed' | 'unknown'
  /** failed, unknown: why; queued: why not yet */
  error: string | null
  /** what the server for sending said when it took it */
  answer: string | null
  /** the Message-ID that a relay gave it instead */
  relay_id: string | null
  /** Message-ID, without < > */
  message_id: string
  /** it may be sent again */
  is_repeatable: boolean
  created_at: Time
  sent_at: Time | null
}

/** A key or certificate by which signatures of mails are verified. */
export interface MailKey {
  id: Id
  /** smime: of an authority, or of one person; pgp: of one person; crl: certificates that an authority has taken back */
  kind: 'smime' | 'pgp' | 'crl'
  /** whom it names, or whom it is by; may be empty */
  name: string
  /** a mail address that it names; may be empty */
  address: string
  /** hex: SHA-256 of a certificate or list, or the key's own */
  fingerprint: string
  /** null: never; crl: when the next one is due */
  expires_at: Time | null
  /** who added it */
  agent_id: Id | null
  created_at: Time
}

/** An account, or what is held of a contact, as one file. */
export interface Export {
  id: Id
  what: 'account' | 'contact'
  /** of a contact's */
  contact_id: Id | null
  /** as it is now; null: not known, or gone */
  contact_name: string | null
  /** ready: it can be downloaded */
  state: 'queued' | 'running' | 'ready' | 'failed'
  /** why the last try was none; a queued one is tried again */
  error: string | null
  /** who asked for it */
  agent_id: Id
  agent_name: string
  /** written so far; of a ready one: the file's */
  bytes: number
  /** of a running one: messages are read (notes and activities, too), files are taken along, it is brought to the store */
  step: 'messages' | 'files' | 'storing' | null
  /** so many messages, files or bytes; never more than are done */
  step_done: number
  /** of so many */
  step_total: number
  /** in all lists; 0 until it is ready */
  lines: number
  /** attachments and the like; 0 until it is ready */
  files: number
  /** not on the server's disk, or damaged there: manifest.json names them */
  missing_files: number
  created_at: Time
  /** of the last try */
  started_at: Time | null
  finished_at: Time | null
  /** then it is removed, its file too */
  expires_at: Time
}

/** A telephone call. */
export interface Call {
  id: Id
  channel_id: Id
  contact_id: Id
  /** may be empty */
  contact_name: string
  /** null: it belongs to none (yet) */
  conversation_id: Id | null
  /** the call in the conversation's timeline */
  message_id: Id | null
  direction: 'in' | 'out'
  /** queued: waits for somebody to take it */
  state: 'ringing' | 'menu' | 'queued' | 'answered' | 'ended'
  /** message: the caller goes on in writing; null: not known yet */
  outcome: 'answered' | 'missed' | 'voicemail' | 'message' | 'failed' | null
  /** the other side's; empty: hidden */
  number: string
  /** takes it or made it */
  agent_id: Id | null
  agent_name: string | null
  /** from 1; null: not known */
  queue_position: number | null
  started_at: Time
  /** by the agent (in), by the customer (out) */
  answered_at: Time | null
  ended_at: Time | null
  /** seconds; 0: nobody has talked, or it goes on */
  talk_s: number
  /** seconds from the beginning to the answer, or to the end */
  wait_s: number
  /** the agent's time after the call */
  wrap_started_at: Time | null
  wrap_ended_at: Time | null
  /** seconds of it; 0: none, or it goes on */
  wrap_s: number
  /** what the agent wrote after it */
  note: string | null
  /** what went wrong, in words */
  error: string | null
  /** grows with every change: the higher is the newer */
  version: number
}

/** A word for conversations. */
export interface Tag {
  id: Id
  name: string
  /** #rrggbb or empty */
  color: string
}

/** A part of the text that fits, one behind the other. */
export interface SearchPiece {
  text: string
  /** what was looked for */
  is_match: boolean
}

export interface SearchMessage {
  id: Id
  /** in, out or note */
  kind: string
  /** who wrote it; may be empty */
  author: string
  sent_at: Time
}

export interface SearchChannel {
  id: Id
  /** empty: it was removed */
  kind: string
  /** empty: it was removed */
  name: string
}

export interface SearchPerson {
  id: Id
  /** may be empty */
  name: string
}

export interface SearchConversation {
  id: Id
  number: number
  status: 'open' | 'pending' | 'snoozed' | 'resolved'
  /** the mail's own, else the conversation's; may be empty */
  subject: string
  channel: SearchChannel
  contact: SearchPerson
}

export interface SearchContact {
  id: Id
  /** may be empty */
  name: string
  /** a handle, a mail address or a phone; may be empty */
  handle: string
}

/** Something that was found. */
export interface SearchItem {
  kind: 'message' | 'contact' | 'tag'
  /** which part of it fits best */
  field: 'text' | 'subject' | 'note' | 'attachment' | 'name' | 'handle' | 'address' | 'phone'
  /** that part, around what fits */
  pieces: SearchPiece[]
  /** of a message */
  message?: SearchMessage
  /** of a message */
  conversation?: SearchConversation
  /** of a contact */
  contact?: SearchContact
  /** of a tag */
  tag?: Tag
}

/** What a search has found. */
export interface SearchResult {
  items: SearchItem[]
  /** the next page's `cursor` */
  next: string | null
  /** the index is being made anew: older things may be missing */
  is_building: boolean
  /** there may be matches that were not looked at: narrow it */
  is_limited: boolean
}

/** Which conversations; only what narrows. */
export interface ViewFilter {
  status?: ('open' | 'pending' | 'snoozed' | 'resolved')[]
  /** an agent's id, me or none */
  assignee?: string
  /** an id or none */
  team?: string
  /** an id */
  channel?: string
  /** an id */
  contact?: string
  /** any of these names */
  tag?: string[]
  priority?: ('none' | 'low' | 'medium' | 'high' | 'urgent')[]
  /** words to look for */
  q?: string
  /** language tag */
  language?: string
  /** true: only what one has not read */
  unread?: boolean
  /** true: only where one was mentioned */
  mentions?: boolean
}

/** A saved list of conversations. */
export interface View {
  /** null when built in */
  id: Id | null
  /** of a built-in one; else custom */
  key: string
  name: string
  filter: ViewFilter
  sort: 'due' | 'newest' | 'oldest' | 'waiting'
  /** everybody of the account sees it */
  is_shared: boolean
  /** smaller = further up */
  position: number
  /** who made it */
  agent_id: Id | null
}

/** How many conversations a view has. */
export interface ViewCount {
  /** exact with status, assignee, team, channel, priority; else among the newest 4,000 */
  total: number
  /** among the newest 1,000 of a status that an index gives, or 4,000 that are sifted */
  unread: number
  /** total may be more: looking ended before the view did */
  is_least: boolean
}

/** How many conversations the views have. */
export interface ViewCounts {
  /** by key or id; views with words are left out */
  views: Record<string, ViewCount>
}

/** What an agent began to write. */
export interface Draft {
  conversation_id: Id
  kind: 'reply' | 'note'
  /** empty, without files: there is none any more */
  text: string
  attachment_ids: Id[]
  attachments: Attachment[]
  /** of a mail: what it is beside its text, as it is posted */
  mail: Record<string, unknown> | null
  /** null: never written */
  updated_at: Time | null
}

/** Something that waits for one agent. */
export interface Notification {
  id: Id
  type: 'mention' | 'assigned' | 'reply' | 'held_back'
  conversation_id: Id
  message_id: Id | null
  /** without id and photo */
  actor: Author
  preview: string
  at: Time
  read_at: Time | null
}

/** How a website chat looks. */
export interface WidgetSettings extends WidgetLooks {
  /** below the base URL */
  logo_url: string | null
}

/** An agent as visitors see it. */
export interface WidgetAgent {
  name: string
  /** below the base URL */
  photo_url: string | null
  introduction: string
}

/** What everybody may know of a website chat. */
export interface WidgetConfig {
  channel_name: string
  settings: WidgetSettings
  /** language tags */
  languages: string[]
  /** who would answer now, at most five */
  agents: WidgetAgent[]
  /** somebody is there */
  is_staffed: boolean
}

/** What is known of the visitor. */
export interface WidgetContact {
  name: string | null
  email: string | null
}

/** A conversation as the visitor sees it. */
export interface WidgetConversation {
  id: Id
  status: 'open' | 'pending' | 'snoozed' | 'resolved'
}

/** A visitor's way in. */
export interface WidgetSession {
  /** for Authorization: Bearer, and to resume */
  token: string
  visitor_id: Id
  contact: WidgetContact
  conversation: WidgetConversation | null
  /** was never here before */
  is_new: boolean
}

/** Who wrote it, for visitors. */
export interface WidgetAuthor {
  name: string
  /** below the base URL */
  photo_url: string | null
}

/** A message as the visitor sees it. */
export interface WidgetMessage {
  id: Id
  from: 'me' | 'agent' | 'system'
  author: WidgetAuthor
  text: string
  attachments: Attachment[]
  state: 'received' | 'held' | 'queued' | 'sending' | 'sent' | 'delivered' | 'read' | 'failed' | 'unknown' | 'cancelled'
  sent_at: Time
  /** the visitor's own UUID */
  client_id: string | null
  /** it has gone out, or come, as a mail */
  by_mail: boolean
}

/** The visitor's conversation. */
export interface WidgetHistory {
  conversation: WidgetConversation | null
  /** oldest first */
  messages: WidgetMessage[]
  /** cursor of what is older; null = that is all */
  next: Id | null
  /** an agent has read up to this message */
  read_upto: Id | null
  /** who answers */
  agent: WidgetAgent | null
}

/** A file that is to come. */
export interface Upload {
  /** of the upload, later of the attachment */
  id: Id
  /** the most that one part may have */
  part_bytes: number
}

/** How far a file has come. */
export interface UploadProgress {
  /** bytes; go on there */
  received: number
  /** once the file is whole */
  attachment?: Attachment
}

/** Something that happened. */
export interface Event {
  /** opaque; the place to resume from */
  id: string
  type: string
  /** 1: fields are only ever added */
  v: number
  at: Time
  account: Id
  subject: Subject
  /** the type decides */
  data: Record<string, unknown>
}

/** Of message events. */
export interface MessageData {
  message: Message
  /** as it is after it */
  conversation: ConversationNews
}

/** Of conversation events. */
export interface ConversationData {
  conversation: ConversationNews
}

/** Of call events. */
export interface CallData {
  call: Call
}

/** Of contact events. */
export interface ContactData {
  contact: Contact
}

/** Of channel events. */
export interface ChannelData {
  /** null: it is gone */
  channel: Channel | null
}

/** Of agent events. */
export interface AgentData {
  agent: Agent
}

/** Of team events. */
export interface TeamData {
  /** null: it is gone */
  team: Team | null
}

/** Of tag events. */
export interface TagData {
  /** null: it is gone */
  tag: Tag | null
}

/** Of view events. */
export interface ViewData {
  /** null: it is gone */
  view: View | null
}

/** Of webhook events. */
export interface WebhookData {
  /** null: it is gone */
  webhook: Webhook | null
}

/** Of notification events. */
export interface NotificationData {
  notification: Notification
}

/** Of draft events. */
export interface DraftData {
  draft: Draft
}

/** To whom it goes. */
export interface OutgoingContact {
  id: Id
  /** the channel's own id of the person */
  external_id: string
  name: string | null
  email: string | null
  phone: string | null
  /** language tag */
  language: string | null
}

/** A reply on its way to a reply address. */
export interface OutgoingData {
  message: Message
  conversation: ConversationNews
  contact: OutgoingContact
  /** the channel's own thread */
  thread: string | null
}

/** Data of hello. */
export interface Hello {
  server_time: Time
  /** where the stream begins */
  last_event_id: string
}

/** An agent who looks at the conversation. */
export interface PresentAgent {
  agent_id: Id
  state: 'typing' | 'viewing'
  is_typing: boolean
}

/** The customer. */
export interface PresentContact {
  is_typing: boolean
  is_online: boolean
}

/** Who looks at a conversation and who types. */
export interface Presence {
  conversation_id: Id
  agents: PresentAgent[]
  contact: PresentContact
}

/** Who types. */
export interface Typist {
  name: string
}

/** Data of typing. */
export interface Typing {
  is_typing: boolean
  author: Typist
}

/** Data of read. */
export interface ReadData {
  /** read up to this one */
  message_id: Id
}

// Bodies of requests.

export interface SignIn {
  /** mail address */
  email: string
  password: string
  /** six digits, or a recovery code */
  code?: string
  /** which account, when the person belongs to several */
  account_id?: Id
}

export interface MePatch {
  name?: string
  /** shown to visitors */
  introduction?: string | null
  locale?: 'en' | 'bn' | 'ar'
  /** IANA name */
  time_zone?: string
  availability?: 'online' | 'away'
  /** rings for calls: a number like +15550001111, or sip: */
  phone?: string | null
  /** the console's own; at most 16 KiB */
  settings?: object
}

export interface PasswordChange {
  current: string
  /** at least 8 bytes */
  new: string
}

export interface SecondFactorCode {
  /** six digits */
  code: string
}

export interface PasswordProof {
  password: string
}

export interface LinkUse {
  /** the new password, or the one you have when you already use Seva */
  password: string
  /** your name, when it is not known yet */
  name?: string
  /** second factor, when you have one */
  code?: string
}

export interface PasswordReset {
  /** mail address */
  email: string
}

export interface AccountPatch {
  name?: string
  locale?: 'en' | 'bn' | 'ar'
  /** IANA name */
  time_zone?: string
  /** how long a reply is held */
  undo_seconds?: number
  /** a customer message within so many days of resolving reopens */
  reopen_days?: number
  /** at most 64 KiB */
  settings?: object
  /** a mailbox: invitations and password resets go out by it; null: links are copied */
  mail_channel_id?: Id | null
}

export interface AgentNew {
  /** mail address */
  email: string
  name?: string
  /** key of a role */
  role: string
  team_ids?: Id[]
  /** narrows the role: [{scope:"team"|"channel", id}]; empty = the whole account */
  grants?: object
}

export interface AgentPatch {
  name?: string
  /** key of a role */
  role?: string
  team_ids?: Id[]
  /** narrows the role: [{scope:"team"|"channel", id}]; empty = the whole account */
  grants?: object
  is_active?: boolean
}

export interface TeamNew {
  name: string
  description?: string
  agent_ids?: Id[]
}

export interface TeamPatch {
  name?: string
  description?: string | null
  agent_ids?: Id[]
}

export interface RoleNew {
  name: string
  /** noun.verb */
  capabilities: string[]
}

export interface RolePatch {
  name?: string
  /** noun.verb */
  capabilities?: string[]
}

export interface TokenNew {
  name: string
  /** capabilities */
  scopes: string[]
  expires_at?: Time | null
}

export interface ChannelNew {
  kind: 'widget' | 'api' | 'email' | 'facebook' | 'instagram' | 'whatsapp' | 'x' | 'linkedin' | 'tiktok' | 'youtube' | 'google_reviews' | 'telegram' | 'line' | 'viber' | 'sms' | 'voice' | 'pbx' | 'mastodon' | 'bluesky'
  name: string
  /** language tags */
  languages?: string[]
  /** depends on the kind; of a network: what /networks says, its secrets too */
  settings?: object
  /** of a network: its id of the account; found out by a check */
  external_id?: string | null
  /** @BrandHelp */
  handle?: string | null
  handle_role?: 'brand' | 'support' | null
}

export interface ChannelPatch {
  name?: string
  is_enabled?: boolean
  /** language tags */
  languages?: string[]
  /** merged; null takes away; of a network with its secrets */
  settings?: object
  handle?: string | null
  handle_role?: 'brand' | 'support' | null
}

export interface ChannelCheck {
  kind: 'widget' | 'api' | 'email' | 'facebook' | 'instagram' | 'whatsapp' | 'x' | 'linkedin' | 'tiktok' | 'youtube' | 'google_reviews' | 'telegram' | 'line' | 'viber' | 'sms' | 'voice' | 'pbx' | 'mastodon' | 'bluesky'
  /** with its secrets; nothing is stored */
  settings?: object
  /** whose settings are taken where the form has none */
  channel_id?: Id | null
}

export interface AuthorizationNew {
  kind: 'widget' | 'api' | 'email' | 'facebook' | 'instagram' | 'whatsapp' | 'x' | 'linkedin' | 'tiktok' | 'youtube' | 'google_reviews' | 'telegram' | 'line' | 'viber' | 'sms' | 'voice' | 'pbx' | 'mastodon' | 'bluesky'
  /** of the new channel; empty: the account's */
  name?: string
  /** what the form asks, but for the tokens */
  settings?: object
  /** a channel that is authorised anew; its settings are taken where the form has none */
  channel_id?: Id | null
}

export interface AuthorizationChoice {
  /** one of the accounts */
  external_id: string
}

export interface Capture {
  /** of the post */
  url: string
  network: 'widget' | 'api' | 'email' | 'facebook' | 'instagram' | 'whatsapp' | 'x' | 'linkedin' | 'tiktok' | 'youtube' | 'google_reviews' | 'telegram' | 'line' | 'viber' | 'sms' | 'voice' | 'pbx' | 'mastodon' | 'bluesky'
  text?: string
  /** or give the handle */
  author_name?: string
  /** @asha_r */
  author_handle?: string
  /** when it was written */
  at?: Time | null
  /** public when left out */
  visibility?: 'public' | 'private'
}

export interface WebhookNew {
  name: string
  /** http or https */
  url: string
  /** event types, or "*" for all */
  events: string[]
  /** true when not given */
  is_enabled?: boolean
}

export interface WebhookPatch {
  name?: string
  /** http or https */
  url?: string
  /** event types, or "*" for all */
  events?: string[]
  is_enabled?: boolean
}

export interface ConversationNew {
  /** whose network may be written to first: /networks, able: begin */
  channel_id: Id
  /** a known contact, or give `contact` */
  contact_id?: Id
  /** {name, email, phone, language, external_id} */
  contact?: object
  /** or parts */
  text?: string
  /** as of a reply: a template, … */
  parts?: object
  attachment_ids?: Id[]
  /** UUID of the message */
  client_id?: string
  /** in a mailbox: {subject, html, cc, bcc, quote_id, attribution}; people are {name, address}; cc left out: those who take part; quote_id: the message that is quoted below, attribution: the line above it; HTML names pictures among the files as cid:<attachment id>@seva.invalid */
  mail?: object
  /** it goes out then, not at once */
  send_at?: Time | null
}

export interface ConversationBulk {
  ids: Id[]
  /** {status, priority, outcome, assignee_id, team_id, snoozed_until, add_tags, remove_tags} */
  set: object
}

export interface ConversationBulkUndo {
  undo_token: Id
}

export interface ConversationPatch {
  status?: 'open' | 'pending' | 'snoozed' | 'resolved'
  priority?: 'none' | 'low' | 'medium' | 'high' | 'urgent'
  outcome?: 'solved' | 'not_solvable' | 'customer_silent' | 'duplicate' | 'no_reply_needed' | null
  assignee_id?: Id | null
  team_id?: Id | null
  /** with status snoozed; 24 hours when left out */
  snoozed_until?: Time | null
  subject?: string | null
  language?: string | null
  /** 409 conflict.stale when it is another by now */
  expected_version?: number
}

export interface ConversationMove {
  /** another of the customer's */
  channel_id: Id
  /** phone, mail address or id there, when Seva does not know the customer there */
  address?: string | null
}

export interface ConversationTags {
  /** the whole new set */
  tags: string[]
}

export interface MessageNew {
  kind: 'reply' | 'note'
  text?: string
  attachment_ids?: Id[]
  /** UUID; the same one again gives the same message, for ever */
  client_id: string
  /** the last message the writer saw; required for a reply */
  seen_message_id?: Id | null
  /** send although something new came in */
  force?: boolean
  /** agents, in a note */
  mentions?: Id[]
  reply_to_id?: Id | null
  then?: 'resolve' | 'pending'
  /** of a reply; left out: where the customer wrote last */
  visibility?: 'private' | 'public'
  /** of a reply: a list of {type: template, buttons, location or contact, …} */
  parts?: object
  /** in a mailbox: {subject, html, cc, bcc, quote_id, attribution}; people are {name, address}; cc left out: those who take part; quote_id: the message that is quoted below, attribution: the line above it; HTML names pictures among the files as cid:<attachment id>@seva.invalid */
  mail?: object
  /** a reply goes out then; when the customer writes before, it is held back */
  send_at?: Time | null
  /** the writer knows that personal data in it will be public */
  confirm_public?: boolean
}

export interface MessageAct {
  /** what the network knows: /networks */
  kind: 'delete' | 'edit' | 'react' | 'hide' | 'unhide' | 'like'
  /** edit */
  text?: string
  /** react: an emoji; empty takes it back */
  reaction?: string
}

export interface MailImages {
  /** true: all mails of this sender, from now on, for everybody; false: no longer */
  sender: boolean
}

export interface MailForward {
  text?: string
  /** UUID */
  client_id: string
  /** {to, cc, bcc, subject, html, attribution}; the first of `to` is whom the new conversation is with; subject left out: Fwd: and that of the mail */
  mail: object
  /** files of the mail that stay behind */
  without_ids?: Id[]
  /** it goes out then */
  send_at?: Time | null
}

export interface MailTemplateNew {
  name: string
  /** empty: the subject of the mail stays as it is */
  subject?: string | null
  /** with placeholders: {{agent.name}}, {{agent.first_name}}, {{channel.name}}, {{contact.name}}, {{contact.first_name}} */
  html: string
}

export interface MailTemplatePatch {
  name?: string
  subject?: string | null
  html?: string
}

export interface MailAddressRetry {
  /** one that takes part in the conversation */
  address: string
}

export interface DkimKey {
  /** of the addresses that mails come from */
  domain: string
  /** names the key: letters, digits, hyphens */
  selector: string
}

export interface TranscriptMail {
  /** another address than the customer's own */
  email?: string | null
}

export interface MailKeyNew {
  /** a certificate in PEM, a list of revoked ones (CRL) in PEM by an authority that is trusted already, or a public key in OpenPGP's armour */
  text: string
}

export interface ContactPatch {
  name?: string | null
  email?: string | null
  phone?: string | null
  language?: string | null
  time_zone?: string | null
  location?: string | null
  company?: string | null
  note?: string | null
  /** an https address */
  avatar_url?: string | null
  /** an object, 16 KiB at most */
  custom?: object | null
  /** nothing is taken from them */
  is_blocked?: boolean
}

export interface ContactSeparate {
  /** a mail address of theirs */
  identity_id: Id
}

export interface ExportNew {
  /** account: all of it, which needs account.manage; contact: what is held of one */
  what: 'account' | 'contact'
  /** whose, with what = contact */
  contact_id?: Id | null
}

export interface CallNew {
  /** whose number is shown */
  channel_id: Id
  /** or a number */
  contact_id?: Id
  /** left out: the contact's */
  number?: string
  /** in which the call is to stand */
  conversation_id?: Id
  /** the same again gives the same call */
  client_id?: string
}

export interface CallWrapUp {
  /** becomes a note of the conversation */
  note?: string
}

export interface TagNew {
  name: string
  /** #rrggbb */
  color?: string | null
}

export interface TagPatch {
  name?: string
  /** #rrggbb */
  color?: string | null
}

export interface ViewNew {
  name: string
  /** {status[], assignee, team, channel, tag[], priority[], q, unread, language} */
  filter?: object
  is_shared?: boolean
  position?: number
  sort?: 'due' | 'newest' | 'oldest' | 'waiting'
}

export interface ViewPatch {
  name?: string
  /** {status[], assignee, team, channel, tag[], priority[], q, unread, language} */
  filter?: object
  is_shared?: boolean
  position?: number
  sort?: 'due' | 'newest' | 'oldest' | 'waiting'
}

export interface ConversationRead {
  /** the newest message seen */
  message_id: Id
}

export interface ConversationPresence {
  /** forgotten after 10 s unless repeated */
  state: 'viewing' | 'typing' | 'left'
}

export interface DraftPut {
  kind: 'reply' | 'note'
  text?: string
  attachment_ids?: Id[]
  /** of a mail: as it is posted */
  mail?: object | null
  /** when it was written; one older than what is stored changes nothing */
  updated_at?: Time | null
}

export interface NotificationsRead {
  ids?: Id[]
  all?: boolean
}

export interface WidgetSessionNew {
  /** the token of an earlier session on this browser */
  resume_token?: string | null
  /** {id, hash, name, email, phone} */
  identity?: object | null
  /** {url, title, referrer} */
  page?: object | null
  locale?: string | null
  time_zone?: string | null
}

export interface Prechat {
  /** {key: text} of the channel's form */
  fields: object
  /** agreed to the channel's consent text */
  consent?: boolean
}

export interface WidgetMessageNew {
  /** UUID; the same one again gives the same message */
  client_id: string
  text?: string
  attachment_ids?: Id[]
  /** {url, title} */
  page?: object | null
  /** what the visitor reads */
  locale?: string | null
  /** IANA name */
  time_zone?: string | null
}

export interface WidgetTyping {
  /** forgotten after 10 s */
  is_typing: boolean
}

export interface WidgetRead {
  /** the newest message seen */
  message_id: Id
}

export interface WidgetPage {
  /** the page the visitor reads */
  url: string
  title?: string | null
}

export interface UploadNew {
  /** the file's name; what cannot be shown is taken out */
  name: string
  /** bytes */
  size: number
  /** ignored: the content says what it is */
  type?: string | null
}

export interface Photo {
  /** a picture that was uploaded */
  upload_id: Id
}

/** The data of an agent's stream, by type. */
export interface ConsoleEvents {
  /** A message came in, was written, or something was done. */
  'message.created': MessageData
  /** Its state, text or files changed. */
  'message.updated': MessageData
  /** A conversation began. */
  'conversation.created': ConversationData
  /** Its status, assignment, tags or words changed. */
  'conversation.updated': ConversationData
  /** A telephone call came in or was made. */
  'call.created': CallData
  /** It moved on, was answered, ended, or was dealt with. */
  'call.updated': CallData
  /** A contact was made or changed. */
  'contact.updated': ContactData
  /** A channel was made, changed or removed. */
  'channel.updated': ChannelData
  /** An agent was invited, joined or changed. */
  'agent.updated': AgentData
  /** A team was made, changed or removed. */
  'team.updated': TeamData
  /** A tag was made, changed or removed. */
  'tag.updated': TagData
  /** A shared view was made, changed or removed. */
  'view.updated': ViewData
  /** A webhook was made, changed, switched off or removed. */
  'webhook.updated': WebhookData
  /** To the one agent it is for. */
  'notification.created': NotificationData
  /** To the agent who writes it, on its other screens. */
  'draft.updated': DraftData
  /** First on every stream: where it stands. */
  'hello': Hello
  /** Who looks at a conversation and who types. */
  'presence.changed': Presence
  /** The stream cannot go on from there: load anew. */
  'reset': Record<string, never>
  /** The server stops: connect again. */
  'reconnect': Record<string, never>
}

/** The data of a visitor's stream, by type. */
export interface VisitorEvents {
  /** A message that the visitor may see. */
  'message.created': WidgetMessage
  /** Its state or files changed. */
  'message.updated': WidgetMessage
  /** Its status changed. */
  'conversation.updated': WidgetConversation
  /** First on every stream: where it stands. */
  'hello': Hello
  /** An agent types. */
  'typing': Typing
  /** An agent has read the visitor's messages. */
  'read': ReadData
  /** The stream cannot go on from there: load anew. */
  'reset': Record<string, never>
  /** The server stops: connect again. */
  'reconnect': Record<string, never>
}
