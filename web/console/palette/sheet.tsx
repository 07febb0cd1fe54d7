// The shortcuts sheet: every command that has a key, from the registry.
import { Dialog, IconButton, Keys } from '../ui/parts'
import { t } from '../lib/i18n'
import { commands, keysOf, type CommandGroup } from '../state/commands'
import { closeOverlay } from '../state/overlays'
import { groupName } from './palette'

const GROUPS: readonly CommandGroup[] = ['conversation', 'list', 'compose', 'go', 'look', 'self']

export function Sheet() {
  return (
    <Dialog label={t('sheet.title')} onClose={closeOverlay} class="dialog-sheet">
      <header class="dialog-head">
        <h2>{t('sheet.title')}</h2>
        <IconButton icon="close" label={t('common.close')} onClick={closeOverlay} />
      </header>
      <div class="sheet-groups">
        {GROUPS.map((group) => {
          const rows = commands().filter((one) => one.group === group && keysOf(one).length)
          return rows.length ? (
            <section key={group}>
              <h3>{groupName(group)}</h3>
              <dl>
                {rows.map((one) => (
                  <div key={one.id}>
                    <dt>{t(one.title)}</dt>
                    <dd>{keysOf(one).map((keys) => <Keys key={keys} combo={keys} />)}</dd>
                  </div>
                ))}
              </dl>
            </section>
          ) : null
        })}
      </div>
      <p class="dialog-hint">{t('sheet.hint')}</p>
    </Dialog>
  )
}
