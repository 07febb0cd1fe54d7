// Keeps the list's filter and order as a view of one's own, or for everybody.
import { useSignal } from '@preact/signals'
import { Button, Dialog, Field, Switch } from '../ui/parts'
import { post } from '../lib/api'
import { uuid } from '../lib/ids'
import { t } from '../lib/i18n'
import { go, inboxPath } from '../lib/router'
import type { View } from '../lib/types'
import { customViews, loadCounts, query, viewKey } from '../state/lists'
import { closeOverlay } from '../state/overlays'
import { can, small } from '../state/store'
import { errorText } from '../state/toasts'

export function SaveView() {
  const name = useSignal('')
  const isShared = useSignal(false)
  const error = useSignal<string | null>(null)
  const save = async (): Promise<void> => {
    try {
      const filter = Object.fromEntries(Object.entries(query.peek().filter).filter(([, value]) => value !== null && value !== false && !(Array.isArray(value) && !value.length)))
      const view = await post<View>('/views', { name: name.value.trim(), filter, sort: query.peek().sort, is_shared: isShared.value, position: customViews.peek().length }, uuid())
      small.views.put(view)
      closeOverlay()
      go(inboxPath(viewKey(view)))
      await loadCounts()
    } catch (cause) {
      error.value = errorText(cause)
    }
  }
  return (
    <Dialog label={t('command.save_view')} onClose={closeOverlay} class="dialog-small">
      <h2>{t('command.save_view')}</h2>
      <p class="dialog-hint">{t('view.save_hint')}</p>
      <form onSubmit={(event) => { event.preventDefault(); void save() }}>
        <Field label={t('view.name')} error={error.value}>
          {(props) => <input {...props} type="text" required maxLength={80} dir="auto" autofocus value={name} onInput={(event) => void (name.value = event.currentTarget.value)} />}
        </Field>
        {can('view.share') ? <Switch label={t('view.share')} checked={isShared.value} onChange={(value) => void (isShared.value = value)} /> : null}
        <div class="dialog-actions">
          <Button onClick={closeOverlay}>{t('common.cancel')}</Button>
          <Button type="submit" tone="primary">{t('common.save')}</Button>
        </div>
      </form>
    </Dialog>
  )
}
