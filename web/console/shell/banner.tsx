// Says that the line to the server is down, and what waits to be sent.
import { signal } from '@preact/signals'
import { useEffect } from 'preact/hooks'
import { Icon } from '../ui/icon'
import { Button } from '../ui/parts'
import { t } from '../lib/i18n'
import { go, page } from '../lib/router'
import { nudgeLive, streamState } from '../state/live'
import { outboxItems } from '../state/sending'
import { can, channels } from '../state/store'

const isCut = signal(!navigator.onLine)

function listen(): () => void {
  const update = (): void => {
    isCut.value = !navigator.onLine
  }
  addEventListener('online', update)
  addEventListener('offline', update)
  return () => {
    removeEventListener('online', update)
    removeEventListener('offline', update)
  }
}

export const isOffline = (): boolean => isCut.value || streamState.value === 'offline'

/** Channels whose network takes our credentials no more (what is answered there waits), or whose account lacks
 * something (what is answered there is refused). */
function TroubledChannels({ state }: { state: 'refused' | 'limited' }) {
  const troubled = page.value === 'inbox' ? channels.value.filter((one) => one.is_enabled && one.auth?.state === state) : []
  const first = troubled[0]
  if (!first) return null
  const words = { channel: first.name, more: troubled.length - 1 }
  return (
    <div class="banner banner-bad">
      <Icon name="alert" />
      <span>{state === 'refused' ? t('banner.refused', words) : t('banner.limited', words)} {can('channel.manage') ? '' : t('banner.refused_tell')}</span>
      {can('channel.manage') ? <Button small tone="quiet" onClick={() => go('/settings/channels/' + first.id)}>{t('channels.set_up')}</Button> : null}
    </div>
  )
}

export function Banner() {
  useEffect(listen, [])
  const waiting = outboxItems.value.filter((item) => item.state === 'waiting' || item.state === 'sending').length
  return (
    <div class="banner-place" role="status">
      {isOffline() ? (
        <div class="banner">
          <Icon name="offline" />
          <span>{waiting ? t('banner.offline_waiting', { count: waiting }) : t('banner.offline')}</span>
          <Button small tone="quiet" onClick={nudgeLive}>
            {t('common.retry')}
          </Button>
        </div>
      ) : null}
      <TroubledChannels state="refused" />
      <TroubledChannels state="limited" />
    </div>
  )
}
