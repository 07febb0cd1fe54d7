// What can be done with all rows that are ticked.
import { CommandButton, IconButton } from '../ui/parts'
import { t } from '../lib/i18n'
import { selected } from '../state/lists'

export function BulkBar() {
  const count = selected.value.size
  return (
    <div class="bulk" role="toolbar" aria-label={t('bulk.label', { count })}>
      <IconButton icon="close" label={t('bulk.clear')} onClick={() => void (selected.value = new Set())} />
      <span class="bulk-count" aria-live="polite">{t('bulk.count', { count })}</span>
      {(['assign', 'tag', 'priority', 'snooze', 'resolve', 'reopen'] as const).map((id) => (
        <CommandButton key={id} id={id} iconOnly />
      ))}
    </div>
  )
}
