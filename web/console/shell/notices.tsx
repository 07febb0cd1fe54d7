// Notifications: mentions, assignments and replies to mine, newest first; opening one reads it.
import { useEffect } from 'preact/hooks'
import { post } from '../lib/api'
import { age } from '../lib/format'
import { t } from '../lib/i18n'
import { go, inboxPath } from '../lib/router'
import type { Notification } from '../lib/types'
import { Avatar, Button, Dialog, Empty, IconButton, Words } from '../ui/parts'
import { closeOverlay } from '../state/overlays'
import { refreshNotifications } from '../state/reference'
import { notifications } from '../state/store'
import { askPermission, permission } from '../state/notify'
import { changeSettings } from '../state/session'
import { noticesRead, tellNoticesRead } from '../state/tabs'
import { complain } from '../state/toasts'

function read(wanted: string[] | null): void {
  const ids = wanted ?? notifications.peek().map((one) => one.id)
  const at = new Date().toISOString()
  noticesRead(ids, at)
  tellNoticesRead(ids, at)
  // Once more when it is done: an answer that was read before it may be on its way.
  post('/notifications/read', wanted ? { ids } : { all: true }).then(() => noticesRead(ids, at), complain)
}

function title(one: Notification): string {
  const name = one.actor?.name ?? t('contact.unknown')
  switch (one.type) {
    case 'mention':
      return t('notice.mention', { name })
    case 'assigned':
      return t('notice.assigned', { name })
    case 'reply':
      return t('notice.reply', { name })
    case 'held_back':
      return t('notice.held_back', { name })
  }
}

export function Notices() {
  useEffect(refreshNotifications, [])
  const all = notifications.value
  return (
    <Dialog label={t('nav.notices')} onClose={closeOverlay} class="dialog-side">
      <header class="dialog-head">
        <h2>{t('nav.notices')}</h2>
        <Button small tone="quiet" disabled={!all.some((one) => !one.read_at)} onClick={() => read(null)}>
          {t('notice.read_all')}
        </Button>
        <IconButton icon="close" label={t('common.close')} onClick={closeOverlay} />
      </header>
      {permission.value === 'default' ? (
        <div class="notice-ask">
          <span>{t('notice.ask')}</span>
          <Button small onClick={() => void askPermission().then((ok) => ok && changeSettings({ notify_desktop: true }))}>
            {t('notice.allow')}
          </Button>
        </div>
      ) : null}
      {all.length === 0 ? <Empty icon="bell" title={t('notice.none')} /> : null}
      <ul class="notice-list">
        {all.map((one) => (
          <li key={one.id}>
            <button
              type="button"
              class={one.read_at ? 'notice' : 'notice notice-unread'}
              onClick={() => {
                if (!one.read_at) read([one.id])
                closeOverlay()
                go(inboxPath('all', one.conversation_id))
              }}
            >
              <Avatar name={one.actor?.name ?? '?'} photo={one.actor?.photo_url ?? null} size={32} />
              <span class="notice-words">
                <span class="notice-title">{title(one)}</span>
                {one.preview ? <Words text={one.preview} class="notice-preview" /> : null}
              </span>
              <span class="notice-age">{age(one.at)}</span>
            </button>
          </li>
        ))}
      </ul>
    </Dialog>
  )
}
