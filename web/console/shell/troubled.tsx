// Says which channels do not work as they should, over the inbox.
import { Icon } from '../ui/icon'
import { Button } from '../ui/parts'
import { t } from '../lib/i18n'
import { go } from '../lib/router'
import { can, channels } from '../state/store'

/** Channels whose network takes our credentials no more (what is answered there waits), or whose account lacks
 * something (what is answered there is refused). */
function TroubledChannels({ state }: { state: 'refused' | 'limited' }) {
  const troubled = channels.value.filter((one) => one.is_enabled && one.auth?.state === state)
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

export function Troubled() {
  return (
    <>
      <TroubledChannels state="refused" />
      <TroubledChannels state="limited" />
    </>
  )
}
