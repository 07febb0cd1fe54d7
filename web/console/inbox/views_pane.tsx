// The views: the six that everybody has and the agent's own, with what waits in each.
import { Icon, type IconName } from '../ui/icon'
import { Menu } from '../ui/menu'
import { IconButton, Words } from '../ui/parts'
import { del, patch } from '../lib/api'
import { number } from '../lib/format'
import { t } from '../lib/i18n'
import { BASE, go, inboxPath, page } from '../lib/router'
import type { View } from '../lib/types'
import { builtinViews, currentView, customViews, viewKey } from '../state/lists'
import { overlay } from '../state/overlays'
import { refreshViews } from '../state/reference'
import { can, counts } from '../state/store'
import { complain } from '../state/toasts'

const ICONS: Record<string, IconName> = { mine: 'contacts', unassigned: 'assign', all: 'inbox', mentions: 'at', snoozed: 'clock', resolved: 'check' }

export function viewName(view: View): string {
  switch (view.key) {
    case 'mine':
      return t('view.mine')
    case 'unassigned':
      return t('view.unassigned')
    case 'all':
      return t('view.all')
    case 'mentions':
      return t('view.mentions')
    case 'snoozed':
      return t('view.snoozed')
    case 'resolved':
      return t('view.resolved')
    default:
      return view.name
  }
}

function ViewLink({ view, onChosen }: { view: View; onChosen?: ((key: string) => void) | undefined }) {
  const key = viewKey(view)
  const count = counts.value[view.key] ?? counts.value[key]
  const isHere = page.value === 'inbox' && viewKey(currentView.value) === key
  const isQuiet = view.key === 'resolved' || view.key === 'snoozed'
  return (
    <a
      class="view-link"
      href={BASE + inboxPath(key)}
      aria-current={isHere ? 'page' : undefined}
      onClick={(event) => {
        if (!onChosen) return
        event.preventDefault()
        onChosen(key)
      }}
    >
      <Icon name={ICONS[view.key] ?? (view.is_shared ? 'team' : 'views')} />
      <Words text={viewName(view)} class="view-name" />
      {count && (count.total || count.is_least) && !isQuiet ? (
        <span class={count.unread ? 'view-count view-count-unread' : 'view-count'} title={t('view.counts', { total: count.total, unread: count.unread })}>
          {count.is_least ? t('view.at_least', { total: number(count.total) }) : number(count.total)}
        </span>
      ) : null}
    </a>
  )
}

async function removeView(view: View): Promise<void> {
  try {
    await del('/views/' + view.id)
    refreshViews()
    if (viewKey(currentView.peek()) === view.id) go(inboxPath('all'))
  } catch (error) {
    complain(error)
  }
}

export function ViewsPane({ onChosen }: { onChosen?: (key: string) => void }) {
  return (
    <nav class="views" aria-label={t('inbox.views')}>
      <h2 class="views-title">{t('nav.inbox')}</h2>
      {builtinViews.value.map((view) => (
        <ViewLink key={view.key} view={view} onChosen={onChosen} />
      ))}
      <div class="views-own">
        <h3>{t('view.own')}</h3>
        <IconButton icon="plus" size={16} label={t('command.save_view')} onClick={() => void (overlay.value = { kind: 'saveView' })} />
      </div>
      {customViews.value.length === 0 ? <p class="views-hint">{t('view.own_hint')}</p> : null}
      {customViews.value.map((view) => (
        <div key={viewKey(view)} class="view-own">
          <ViewLink view={view} onChosen={onChosen} />
          {view.id && (!view.is_shared || can('view.share')) ? (
            <Menu
              label={t('view.menu', { name: view.name })}
              icon="more"
              items={[
                ...(can('view.share')
                  ? [{ label: view.is_shared ? t('view.unshare') : t('view.share'), icon: 'team' as const, run: () => void patch('/views/' + view.id, { is_shared: !view.is_shared }).then(refreshViews, complain) }]
                  : []),
                { label: t('common.delete'), icon: 'trash' as const, tone: 'danger' as const, run: () => void removeView(view) },
              ]}
            />
          ) : null}
        </div>
      ))}
    </nav>
  )
}
