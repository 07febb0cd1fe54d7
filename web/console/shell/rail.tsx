// The rail: places to go, and oneself. On a phone it is the bar at the bottom.
import { BASE, inboxPath, page } from '../lib/router'
import { t } from '../lib/i18n'
import { Icon, type IconName } from '../ui/icon'
import { Menu } from '../ui/menu'
import { Avatar } from '../ui/parts'
import { hasCalls, waitingCalls } from '../state/calls'
import { can, counts, me, unreadNotifications } from '../state/store'
import { command, keysOf, run } from '../state/commands'
import { overlay } from '../state/overlays'

function Place({ to, icon, label, isHere, badge }: { to: string; icon: IconName; label: string; isHere: boolean; badge?: number }) {
  return (
    <a class="rail-place" href={BASE + to} aria-current={isHere ? 'page' : undefined} title={label}>
      <Icon name={icon} size={20} />
      <span class="rail-label">{label}</span>
      {badge ? <span class="rail-badge" aria-label={t('nav.unread', { count: badge })}>{badge > 99 ? '99+' : badge}</span> : null}
    </a>
  )
}

export function Rail() {
  const here = page.value
  const self = me.value
  const isAway = self?.availability === 'away'
  const keys = (id: string): { keys?: string } => {
    const first = keysOf(command(id))[0]
    return first ? { keys: first } : {}
  }
  return (
    <nav class="rail" aria-label={t('nav.main')}>
      <span class="rail-mark" aria-hidden="true">
        <img src="/app/icon.svg" alt="" width="28" height="28" />
      </span>
      <Place to={inboxPath('mine')} icon="inbox" label={t('nav.inbox')} isHere={here === 'inbox'} badge={counts.value['mine']?.unread ?? 0} />
      <Place to="/search" icon="search" label={t('nav.search')} isHere={here === 'search'} />
      {can('contact.read') ? <Place to="/contacts" icon="contacts" label={t('nav.contacts')} isHere={here === 'contacts'} /> : null}
      {hasCalls.value ? <Place to="/calls" icon="phone" label={t('nav.calls')} isHere={here === 'calls'} badge={waitingCalls.value.length} /> : null}
      <button type="button" class="rail-place" title={t('nav.notices')} aria-haspopup="dialog" onClick={() => void (overlay.value = { kind: 'notices' })}>
        <Icon name="bell" size={20} />
        <span class="rail-label">{t('nav.notices')}</span>
        {unreadNotifications.value ? <span class="rail-badge" aria-label={t('nav.unread', { count: unreadNotifications.value })}>{unreadNotifications.value}</span> : null}
      </button>
      <span class="rail-space" />
      <button type="button" class="rail-place rail-wide" title={t('command.help')} onClick={() => run('help')}>
        <Icon name="keyboard" size={20} />
        <span class="rail-label">{t('nav.keys')}</span>
      </button>
      <Place to="/settings/profile" icon="settings" label={t('nav.settings')} isHere={here === 'settings' || here === 'guide'} />
      <Menu
        class="rail-self"
        align="start"
        showLabel
        label={t('nav.self', { name: self?.name ?? '', state: isAway ? t('availability.away') : t('availability.online') })}
        items={[
          { label: t('availability.online'), isChecked: !isAway, run: () => isAway && run('self.availability') },
          { label: t('availability.away'), isChecked: isAway, run: () => !isAway && run('self.availability') },
          null,
          { label: t('command.theme'), icon: 'moon', ...keys('look.theme'), run: () => run('look.theme') },
          { label: t('command.help'), icon: 'keyboard', ...keys('help'), run: () => run('help') },
          { label: t('command.sign_out'), icon: 'outside', run: () => run('self.sign_out') },
        ]}
      >
        <span class="sr-only">{t('nav.self', { name: self?.name ?? '', state: isAway ? t('availability.away') : t('availability.online') })}</span>
        <Avatar name={self?.name ?? '?'} photo={self?.photo_url ?? null} size={32} />
        <span class={isAway ? 'rail-dot rail-dot-away' : 'rail-dot'} />
      </Menu>
    </nav>
  )
}
