// Settings, "Data export": the account, or what is held of somebody, as one file; made by the server while people go on.
import { useSignal } from '@preact/signals'
import { Button } from '../ui/parts'
import { t } from '../lib/i18n'
import type { Export } from '../lib/types'
import { FIRST_ROWS, Listed, PageTitle, useListing } from '../settings/common'
import { can } from '../state/store'
import { complain } from '../state/toasts'
import { ExportRow } from './export_row'
import { askExport, isUnderWay, useLookAgain } from './state'
import { et } from './words'

export function ExportsPage() {
  const listing = useListing<Export>('/exports', FIRST_ROWS)
  const isBusy = useSignal(false)
  const items = listing.items.value ?? []
  const isMade = items.some((one) => one.what === 'account' && isUnderWay(one))
  useLookAgain(items.some(isUnderWay), listing.reload)
  const ask = (): void => {
    isBusy.value = true
    void askExport(null).then(listing.reload).catch(complain).finally(() => void (isBusy.value = false))
  }
  return (
    <>
      <PageTitle title={t('settings.exports')} hint={et('page.hint')}>
        {can('account.manage') ? <Button tone="primary" icon="download" disabled={isBusy.value || isMade} onClick={ask}>{et('page.account')}</Button> : null}
      </PageTitle>
      <Listed listing={listing} empty={et('page.none')}>
        {(rows) => <ul class="rows" aria-label={t('settings.exports')}>{rows.map((one) => <ExportRow key={one.id} one={one} onGone={() => void listing.reload()} />)}</ul>}
      </Listed>
    </>
  )
}
