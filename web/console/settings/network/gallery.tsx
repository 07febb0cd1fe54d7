// All ways by which people can reach one, to choose the next from: what each can, and what its network wants to see first.
import { Icon } from '../../ui/icon'
import { ChannelSign } from '../../ui/network'
import { Button, Chip, Spinner, Words } from '../../ui/parts'
import { locale, t } from '../../lib/i18n'
import { nt } from '../../lib/network_words'
import type { Network } from '../../lib/network_types'
import { BASE, go } from '../../lib/router'
import { networks } from '../../state/networks'
import { channels } from '../../state/store'
import { PageTitle } from '../common'
import { abilities, titleOf } from './words'

export const connectPath = (kind: string): string => '/settings/channels/connect-' + kind

function Card({ network }: { network: Network }) {
  const count = channels.value.filter((one) => one.kind === network.kind).length
  const where = [network.private_rules ? nt('gallery.private') : '', network.public_rules ? nt('gallery.public') : ''].filter(Boolean)
  return (
    <li class="network-card">
      <span class="rows-icon"><ChannelSign kind={network.kind} size={26} /></span>
      <h2><a href={`${BASE}${connectPath(network.kind)}`}><Words text={titleOf(network)} /></a></h2>
      <span class="network-chips">
        {where.map((one) => <Chip key={one}>{one}</Chip>)}
        {count ? <Chip tone="good" icon="check">{nt('gallery.connected', { count })}</Chip> : null}
        {network.approval ? <Chip tone="warn" icon="shield">{nt('gallery.approval')}</Chip> : null}
      </span>
      <p class="network-able">{abilities(network.able).join(' · ')}</p>
      {network.approval ? <details class="network-approval"><summary>{nt('gallery.approval_why')}</summary><p {...(locale.value === 'en' ? {} : { lang: 'en', dir: 'ltr' })}>{network.approval}</p></details> : null}
    </li>
  )
}

export function Gallery({ onOwn }: { onOwn: (kind: 'widget' | 'api') => void }) {
  const all = networks()
  return (
    <>
      <PageTitle title={t('channels.new')} hint={nt('gallery.hint')}>
        <Button icon="back" onClick={() => go('/settings/channels')}>{t('settings.channels')}</Button>
      </PageTitle>
      <ul class="network-cards">
        {(['widget', 'api'] as const).map((kind) => (
          <li key={kind} class="network-card">
            <span class="rows-icon"><Icon name={kind === 'widget' ? 'chat' : 'code'} size={22} /></span>
            <h2><button type="button" class="network-open" onClick={() => onOwn(kind)}>{kind === 'widget' ? t('channels.widget') : t('channels.api')}</button></h2>
            <p class="network-able">{kind === 'widget' ? t('channels.widget_hint') : t('channels.api_hint')}</p>
          </li>
        ))}
        {all?.filter((one) => one.kind !== 'widget' && one.kind !== 'api').map((one) => <Card key={one.kind} network={one} />)}
      </ul>
      {all ? null : <Spinner />}
    </>
  )
}
