// The inbox: views, list, conversation and context, as many side by side as the window holds.
import { useSignalEffect } from '@preact/signals'
import { Conversation } from '../conversation/conversation'
import { ContactPanel } from '../contact/contact_panel'
import { Empty, IconButton, Keys } from '../ui/parts'
import { Resizer } from '../ui/resizer'
import { t } from '../lib/i18n'
import { go, inboxPath } from '../lib/router'
import { chosenSort, currentView, cursor, listIds, loadList, query, refinement, viewKey } from '../state/lists'
import { changeLook, isOverlayContextOpen, isOverlayViewsOpen, look, size } from '../state/look'
import { command, keysOf } from '../state/commands'
import { shown, shownBeside } from '../state/shown'
import { ListPane } from './list_pane'
import { ViewsPane } from './views_pane'

let shownView = ''
let shownQuery = ''

/** Loads the list when what it shows changes: another view, another filter, another order. */
function useListLoading(): void {
  useSignalEffect(() => {
    const key = viewKey(currentView.value)
    if (key !== shownView) {
      shownView = key
      refinement.value = {}
      chosenSort.value = null
      cursor.value = null
    }
    const asked = JSON.stringify(query.value)
    if (asked === shownQuery && listIds.peek().length) return
    shownQuery = asked
    void loadList()
  })
}

function NothingOpen() {
  return (
    <div class="nothing">
      <Empty icon="chat" title={t('inbox.nothing_open')}>
        <span class="nothing-keys">
          {(['list.next', 'list.open', 'palette', 'help'] as const).map((id) => {
            const one = command(id)
            const keys = keysOf(one)[0]
            return keys ? (
              <span key={id}>
                <Keys combo={keys} /> {t(one.title)}
              </span>
            ) : null
          })}
        </span>
      </Empty>
    </div>
  )
}

function Beside() {
  const id = shownBeside.value
  return id ? <ContactPanel key={id} conversation={id} /> : null
}

export function Inbox() {
  useListLoading()
  const open = shown.value
  const width = size.value
  const isPhone = width === 'phone'
  const hasViews = width === 'wide' && look.value.isViewsOpen
  const hasContext = width === 'wide' && look.value.isContextOpen && open !== null
  const isContextOver = !hasContext && isOverlayContextOpen.value && open !== null
  const isViewsOver = !hasViews && isOverlayViewsOpen.value
  return (
    <div class="inbox">
      {hasViews ? (
        <aside class="pane pane-views" style={{ inlineSize: look.value.viewsWidth + 'px' }} aria-label={t('inbox.views')}>
          <ViewsPane />
          <Resizer label={t('inbox.resize_views')} value={look.value.viewsWidth} min={160} max={320} onChange={(viewsWidth) => changeLook({ viewsWidth })} />
        </aside>
      ) : null}
      {isPhone && !open ? (
        <main id="main" class="pane pane-list" tabIndex={-1} aria-label={t('inbox.list')}>
          <ListPane hasViewsButton={!hasViews} />
        </main>
      ) : null}
      {isPhone ? null : (
        <section class="pane pane-list" style={{ inlineSize: look.value.listWidth + 'px' }} aria-label={t('inbox.list')}>
          <ListPane hasViewsButton={!hasViews} />
          <Resizer label={t('inbox.resize_list')} value={look.value.listWidth} min={260} max={560} onChange={(listWidth) => changeLook({ listWidth })} />
        </section>
      )}
      {isPhone && !open ? null : (
        <main id="main" class="pane pane-conversation" tabIndex={-1}>
          {open ? <Conversation id={open} /> : <NothingOpen />}
        </main>
      )}
      {hasContext && open ? (
        <aside class="pane pane-context" style={{ inlineSize: look.value.contextWidth + 'px' }} aria-label={t('contact.panel')}>
          <Resizer label={t('inbox.resize_context')} value={look.value.contextWidth} min={240} max={480} isEnd onChange={(contextWidth) => changeLook({ contextWidth })} />
          <Beside />
        </aside>
      ) : null}
      {isContextOver && open ? (
        <Drawer side="end" label={t('contact.panel')} onClose={() => void (isOverlayContextOpen.value = false)}>
          <Beside />
        </Drawer>
      ) : null}
      {isViewsOver ? (
        <Drawer side="start" label={t('inbox.views')} onClose={() => void (isOverlayViewsOpen.value = false)}>
          <ViewsPane onChosen={(key) => { isOverlayViewsOpen.value = false; go(inboxPath(key)) }} />
        </Drawer>
      ) : null}
    </div>
  )
}

function Drawer({ side, label, onClose, children }: { side: 'start' | 'end'; label: string; onClose: () => void; children: preact.ComponentChildren }) {
  return (
    <div class="drawer-back" onClick={(event) => { if (event.target === event.currentTarget) onClose() }} onKeyDown={(event) => { if (event.key === 'Escape') { event.stopPropagation(); onClose() } }}>
      <aside class={`drawer drawer-${side}`} aria-label={label}>
        <div class="drawer-close">
          <IconButton icon="close" label={t('common.close')} autofocus onClick={onClose} />
        </div>
        {children}
      </aside>
    </div>
  )
}
