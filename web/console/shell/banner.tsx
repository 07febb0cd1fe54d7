// Says that the line to the server is down, and what waits to be sent.
import { signal } from '@preact/signals'
import { useEffect } from 'preact/hooks'
import { Icon } from '../ui/icon'
import { lazyPart } from '../ui/lazy'
import { Button } from '../ui/parts'
import { t } from '../lib/i18n'
import { page } from '../lib/router'
import { nudgeLive, streamState } from '../state/live'
import { outboxItems } from '../state/sending'
import { channels } from '../state/store'

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

const Troubled = lazyPart(() => import('./troubled').then((module) => module.Troubled))

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
      {page.value === 'inbox' && channels.value.some((one) => one.auth && one.auth.state !== 'ok') ? <Troubled /> : null}
    </div>
  )
}
