// The pages of the settings: what each is called and who may see it. Small, because palette and guide name them too.
import type { PlainKey } from '../lib/i18n'
import type { IconName } from '../ui/icon'
import { can } from '../state/store'

export interface SettingsPage { key: string; title: PlainKey; icon: IconName; group: 'self' | 'account' | 'developer' | 'operation'; needs?: string }

const PAGES: readonly SettingsPage[] = [
  { key: 'profile', title: 'settings.profile', icon: 'contacts', group: 'self' },
  { key: 'security', title: 'settings.security', icon: 'shield', group: 'self' },
  { key: 'appearance', title: 'settings.appearance', icon: 'sun', group: 'self' },
  { key: 'notifications', title: 'settings.notifications', icon: 'bell', group: 'self' },
  { key: 'keys', title: 'settings.keys', icon: 'keyboard', group: 'self' },
  { key: 'account', title: 'settings.account', icon: 'settings', group: 'account', needs: 'account.manage' },
  { key: 'channels', title: 'settings.channels', icon: 'chat', group: 'account', needs: 'channel.manage' },
  { key: 'mail_keys', title: 'settings.mail_keys', icon: 'key', group: 'account', needs: 'channel.manage' },
  { key: 'agents', title: 'settings.agents', icon: 'assign', group: 'account', needs: 'agent.manage' },
  { key: 'teams', title: 'settings.teams', icon: 'team', group: 'account', needs: 'team.manage' },
  { key: 'roles', title: 'settings.roles', icon: 'lock', group: 'account', needs: 'role.manage' },
  { key: 'views', title: 'settings.views', icon: 'views', group: 'account' },
  { key: 'tags', title: 'settings.tags', icon: 'tag', group: 'account', needs: 'tag.manage' },
  { key: 'exports', title: 'settings.exports', icon: 'download', group: 'account', needs: 'contact.export' },
  { key: 'tokens', title: 'settings.tokens', icon: 'key', group: 'developer', needs: 'token.manage' },
  { key: 'webhooks', title: 'settings.webhooks', icon: 'webhook', group: 'developer', needs: 'webhook.manage' },
  { key: 'jobs', title: 'settings.jobs', icon: 'bolt', group: 'operation', needs: 'job.manage' },
  { key: 'quarantine', title: 'settings.quarantine', icon: 'alert', group: 'operation', needs: 'quarantine.manage' },
  { key: 'audit', title: 'settings.audit', icon: 'list', group: 'operation', needs: 'audit.read' },
]

export const settingsPages = (): SettingsPage[] => PAGES.filter((one) => !one.needs || can(one.needs))
