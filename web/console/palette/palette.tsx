// The command palette: everything that can be done now, every view, and people and conversations by name.
import { useSignal } from '@preact/signals'
import { useRef, useState } from 'preact/hooks'
import { get } from '../lib/api'
import { t } from '../lib/i18n'
import { Latest } from '../lib/latest'
import { go, inboxPath } from '../lib/router'
import type { Contact, Conversation, Page } from '../lib/types'
import { contactName } from '../inbox/row'
import { viewName } from '../inbox/views_pane'
import { commands, isEnabled, keysOf, viewEntries, type CommandGroup } from '../state/commands'
import { tick } from '../state/order'
import { closeOverlay } from '../state/overlays'
import { can, putConversation } from '../state/store'
import { complain } from '../state/toasts'
import { settingsPages } from '../settings/pages'
import { Chooser, type Choice } from './chooser'

const SEARCH_MS = 200

export function groupName(group: CommandGroup): string {
  switch (group) {
    case 'go':
      return t('group.go')
    case 'list':
      return t('group.list')
    case 'conversation':
      return t('group.conversation')
    case 'compose':
      return t('group.compose')
    case 'look':
      return t('group.look')
    case 'self':
      return t('group.self')
  }
}

const ORDER: readonly CommandGroup[] = ['conversation', 'compose', 'go', 'list', 'look', 'self']

export function Palette() {
  const found = useSignal<Choice[]>([])
  const timer = useRef<ReturnType<typeof setTimeout> | null>(null)
  const [latest] = useState(() => new Latest())

  const search = async (query: string): Promise<void> => {
    const isLatest = latest.begin()
    const asked = tick()
    const [people, talks] = await Promise.all([
      can('contact.read') ? get<Page<Contact>>('/contacts', { q: query, limit: 5 }) : { items: [] as Contact[], next: null },
      get<Page<Conversation>>('/conversations', { q: query, status: ['open', 'pending', 'snoozed', 'resolved'], sort: 'newest', limit: 5 }),
    ])
    if (!isLatest()) return
    found.value = [
      { key: 'all', label: t('palette.search_all', { query }), icon: 'search', group: t('nav.search'), pick: () => go('/search?q=' + encodeURIComponent(query)) },
      ...talks.items.map((one): Choice => {
        putConversation(one, asked)
        return { key: 'c' + one.id, label: contactName(one.contact), hint: one.preview ?? one.subject ?? '', icon: 'chat', group: t('palette.conversations'), pick: () => go(inboxPath('all', one.id)) }
      }),
      ...people.items.map((one): Choice => ({ key: 'p' + one.id, label: contactName(one), hint: one.email ?? one.phone ?? '', icon: 'contacts', group: t('palette.people'), pick: () => go('/contacts/' + one.id) })),
    ]
  }

  const actions: Choice[] = ORDER.flatMap((group) =>
    commands()
      .filter((one) => one.group === group && one.id !== 'palette' && isEnabled(one))
      .map((one) => {
        const keys = keysOf(one)[0]
        return { key: one.id, label: t(one.title), icon: one.icon, group: groupName(group), ...(keys ? { keys } : {}), pick: () => void Promise.resolve(one.run()).catch(complain) }
      }),
  )
  const views: Choice[] = viewEntries.value.filter((one) => one.view.id).map((one) => ({ key: 'v' + one.view.id, label: viewName(one.view), icon: 'views', group: t('inbox.views'), pick: one.run }))
  const pages: Choice[] = settingsPages().map((one) => ({ key: 's' + one.key, label: t('palette.settings_page', { name: t(one.title) }), icon: one.icon, group: t('nav.settings'), pick: () => go('/settings/' + one.key) }))
  return (
    <Chooser
      label={t('command.palette')}
      placeholder={t('palette.hint')}
      choices={[...actions, ...views, ...pages, ...found.value]}
      onClose={closeOverlay}
      onQuery={(query) => {
        if (timer.current) clearTimeout(timer.current)
        latest.begin()
        if (query.length < 2) found.value = []
        else timer.current = setTimeout(() => void search(query).catch(() => undefined), SEARCH_MS)
      }}
    />
  )
}
