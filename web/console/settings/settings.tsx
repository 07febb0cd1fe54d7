// The settings' frame: the pages at the side, the chosen one beside them; each group of pages is a file of its own.
import '../style/settings.css'
import type { FunctionComponent } from 'preact'
import { Icon } from '../ui/icon'
import { Lazy } from '../ui/lazy'
import { IconButton } from '../ui/parts'
import { t } from '../lib/i18n'
import { BASE, go, route } from '../lib/router'
import { size } from '../state/look'
import { settingsPages, type SettingsPage } from './pages'

type Load = () => Promise<FunctionComponent>
const self = (name: 'Profile' | 'Security' | 'Appearance' | 'Notifications' | 'KeysPage'): Load => () => import('./self').then((module) => module[name])
const people = (name: 'Agents' | 'Teams' | 'Roles'): Load => () => import('./people').then((module) => module[name])
const networkWords = (): Promise<void> => import('../lib/network_words').then((words) => words.networkWords())
const account = (name: 'AccountPage' | 'Views' | 'Tags'): Load => () => Promise.all([import('./account'), networkWords()]).then(([module]) => module[name])
const developer = (name: 'Tokens' | 'Webhooks'): Load => () => import('./developer').then((module) => module[name])
const operation = (name: 'Jobs' | 'Quarantine' | 'Audit'): Load => () => import('./operation').then((module) => module[name])

const LOADS: Record<string, Load> = {
  profile: self('Profile'),
  security: self('Security'),
  appearance: self('Appearance'),
  notifications: self('Notifications'),
  keys: self('KeysPage'),
  account: account('AccountPage'),
  views: account('Views'),
  tags: account('Tags'),
  channels: () => Promise.all([import('./channels'), networkWords()]).then(([module]) => module.Channels),
  mail_keys: () => Promise.all([import('./mail_keys'), networkWords()]).then(([module]) => module.MailKeys),
  exports: () => Promise.all([import('../exports/exports_page'), import('../exports/words').then((words) => words.exportWords())]).then(([module]) => module.ExportsPage),
  agents: people('Agents'),
  teams: people('Teams'),
  roles: people('Roles'),
  tokens: developer('Tokens'),
  webhooks: developer('Webhooks'),
  jobs: operation('Jobs'),
  quarantine: operation('Quarantine'),
  audit: operation('Audit'),
}

function groupTitle(group: SettingsPage['group']): string {
  switch (group) {
    case 'self':
      return t('settings.group_self')
    case 'account':
      return t('settings.group_account')
    case 'developer':
      return t('settings.group_developer')
    case 'operation':
      return t('settings.group_operation')
  }
}

export function Settings() {
  const current = route.value
  const section = current.page === 'settings' ? current.section : 'profile'
  const pages = settingsPages()
  const page = pages.find((one) => one.key === section)
  const isPhone = size.value === 'phone'
  const isMenu = section === 'menu'
  const load = LOADS[section]
  return (
    <div class="settings">
      {isPhone && !isMenu ? null : (
        <nav class="settings-nav" aria-label={t('nav.settings')}>
          <h1>{t('nav.settings')}</h1>
          {(['self', 'account', 'developer', 'operation'] as const).map((group) => {
            const own = pages.filter((one) => one.group === group)
            return own.length ? (
              <section key={group}>
                <h2>{groupTitle(group)}</h2>
                {own.map((one) => (
                  <a key={one.key} class="view-link" href={`${BASE}/settings/${one.key}`} aria-current={one.key === section ? 'page' : undefined}>
                    <Icon name={one.icon} />
                    <span class="view-name">{t(one.title)}</span>
                  </a>
                ))}
              </section>
            ) : null
          })}
        </nav>
      )}
      {isPhone && isMenu ? null : (
        <main id="main" class="settings-page" tabIndex={-1}>
          {isPhone ? <IconButton icon="back" label={t('nav.settings')} onClick={() => go('/settings/menu')} /> : null}
          {page && load ? <Lazy key={section} load={load} /> : <p>{t('settings.none')}</p>}
        </main>
      )}
    </div>
  )
}
