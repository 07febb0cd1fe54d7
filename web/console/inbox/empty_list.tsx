// What stands in place of a list that holds nothing: why, and the way on with its key.
import { Button, CommandButton, Empty, Keys } from '../ui/parts'
import { t } from '../lib/i18n'
import { currentView, isRefined, refinement } from '../state/lists'
import { command, keysOf } from '../state/commands'
import { can, channels, counts, mySettings } from '../state/store'

/** Nothing was ever written here, and the guide was not put aside: its first step is worth more than another empty list. */
function isNewAccount(): boolean {
  const has = (view: string): boolean => counts.value[view]?.total !== 0 || counts.value[view]?.is_least === true
  return can('channel.manage') && mySettings.value.guide_done !== true && !['all', 'snoozed', 'resolved'].some(has)
}

export function EmptyList() {
  const key = currentView.value.key
  if (isRefined.value) {
    return (
      <Empty icon="filter" title={t('empty.filtered')}>
        <Button onClick={() => void (refinement.value = {})}>{t('filter.clear')}</Button>
      </Empty>
    )
  }
  if (channels.value.length === 0 && can('channel.manage')) {
    return (
      <Empty icon="chat" title={t('empty.no_channel')}>
        <CommandButton id="go.guide" tone="primary" />
      </Empty>
    )
  }
  if (isNewAccount()) {
    return (
      <Empty icon="compass" title={t('guide.hint')}>
        <span class="empty-with-key">
          <CommandButton id="go.guide" tone="primary" /> <Keys combo={keysOf(command('go.guide'))[0] ?? ''} />
        </span>
      </Empty>
    )
  }
  const title = key === 'mine' ? t('empty.mine') : key === 'unassigned' ? t('empty.unassigned') : key === 'mentions' ? t('empty.mentions') : t('empty.list')
  const next = key === 'mine' ? 'go.unassigned' : key === 'all' ? 'go.resolved' : 'go.all'
  const keys = keysOf(command(next))[0]
  return (
    <Empty icon={key === 'mine' || key === 'unassigned' ? 'check' : 'inbox'} title={title}>
      <span class="empty-with-key">
        <CommandButton id={next} /> {keys ? <Keys combo={keys} /> : null}
      </span>
    </Empty>
  )
}
