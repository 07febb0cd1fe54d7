// Networks and channels connected to them, as the API tells of them, under the names that the console uses.
import type * as api from '../../shared/api/types'

export type { Authorization, ChannelAuth, ChannelPace, Checked, Network, NetworkMedia, NetworkRules, NetworkSetting, Post, Reconciliation } from '../../shared/api/types'
export type { NetworkAccount as FoundAccount, PersonalFinding as Finding, ReplyRoom as ReplyWays, Template as MessageTemplate } from '../../shared/api/types'

export type Visibility = api.Message['visibility']
export type Able = api.Network['able'][number]
export type ActKind = api.MessageAct['kind']
/** What a conversation has beside its rows in lists: known once it was opened. */
export interface Ways { post?: api.Post | null; reply?: api.ReplyRoom | null; related?: api.RelatedConversation | null }

/** A channel without a way to its network: agents bring its posts in. */
export const worksByHand = (channel: api.Channel): boolean => (channel.settings as Record<string, unknown>)['way'] === 'capture'

/** Networks on which a person is written to by phone number. */
const BY_PHONE: readonly api.Channel['kind'][] = ['sms', 'whatsapp']
export const goesByPhone = (kind: api.Channel['kind'] | undefined): boolean => kind !== undefined && BY_PHONE.includes(kind)
/** Where we may write first. */
export const mayBegin = (one: api.Channel): boolean => one.is_enabled && (one.kind === 'api' || one.kind === 'email' || (goesByPhone(one.kind) && !worksByHand(one)))

/** Kinds of channels that are a network's. */
export const isNetwork = (kind: api.Channel['kind'] | null): boolean => kind !== null && kind !== 'widget' && kind !== 'api'
