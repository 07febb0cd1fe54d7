// Narrowing and ordering the list: a menu that adds conditions, chips that show and remove them.
import { useSignal } from '@preact/signals'
import { useRef } from 'preact/hooks'
import { Icon } from '../ui/icon'
import { Menu } from '../ui/menu'
import { Button, Chip, Dialog, Field, Switch, Words } from '../ui/parts'
import { t } from '../lib/i18n'
import { PRIORITIES, STATUSES, type Priority, type Sort, type Status, type ViewFilter } from '../lib/types'
import { chosenSort, isRefined, query, refinement } from '../state/lists'
import { overlay } from '../state/overlays'
import { agentOf, agents, channels, tags, teamOf, teams } from '../state/store'
import { priorityName } from './row'

export function statusName(status: Status): string {
  switch (status) {
    case 'open':
      return t('status.open')
    case 'pending':
      return t('status.pending')
    case 'snoozed':
      return t('status.snoozed')
    case 'resolved':
      return t('status.resolved')
  }
}
function sortName(sort: Sort): string {
  switch (sort) {
    case 'due':
      return t('sort.due')
    case 'newest':
      return t('sort.newest')
    case 'oldest':
      return t('sort.oldest')
    case 'waiting':
      return t('sort.waiting')
  }
}

export function SortMenu() {
  const sort = query.value.sort
  return (
    <Menu
      label={t('sort.label', { name: sortName(sort) })}
      icon="sort"
      items={(['due', 'waiting', 'newest', 'oldest'] as const).map((one) => ({ label: sortName(one), isChecked: one === sort, run: () => void (chosenSort.value = one) }))}
    />
  )
}

function change(next: Partial<ViewFilter>): void {
  refinement.value = { ...refinement.peek(), ...next }
}

function FilterDialog({ onClose }: { onClose: () => void }) {
  const filter = query.value.filter
  return (
    <Dialog label={t('filter.title')} onClose={onClose} class="dialog-small">
      <h2>{t('filter.title')}</h2>
      <fieldset class="choices">
        <legend>{t('filter.status')}</legend>
        {STATUSES.map((one) => (
          <label key={one}>
            <input
              type="checkbox"
              checked={(filter.status?.length ? filter.status : ['open']).includes(one)}
              onChange={(event) => {
                const now = new Set(filter.status?.length ? filter.status : (['open'] as Status[]))
                if (event.currentTarget.checked) now.add(one)
                else now.delete(one)
                change({ status: STATUSES.filter((status) => now.has(status)) })
              }}
            />
            {statusName(one)}
          </label>
        ))}
      </fieldset>
      <Field label={t('filter.assignee')}>
        {(props) => (
          <select {...props} value={filter.assignee ?? ''} onChange={(event) => change({ assignee: event.currentTarget.value || null })}>
            <option value="">{t('filter.any')}</option>
            <option value="me">{t('filter.me')}</option>
            <option value="none">{t('filter.nobody')}</option>
            {agents.value.filter((one) => one.is_active).map((one) => <option key={one.id} value={one.id}>{one.name}</option>)}
          </select>
        )}
      </Field>
      <Field label={t('filter.team')}>
        {(props) => (
          <select {...props} value={filter.team ?? ''} onChange={(event) => change({ team: event.currentTarget.value || null })}>
            <option value="">{t('filter.any')}</option>
            {teams.value.map((one) => <option key={one.id} value={one.id}>{one.name}</option>)}
          </select>
        )}
      </Field>
      <Field label={t('filter.channel')}>
        {(props) => (
          <select {...props} value={filter.channel ?? ''} onChange={(event) => change({ channel: event.currentTarget.value || null })}>
            <option value="">{t('filter.any')}</option>
            {channels.value.map((one) => <option key={one.id} value={one.id}>{one.name}</option>)}
          </select>
        )}
      </Field>
      <Field label={t('filter.priority')}>
        {(props) => (
          <select {...props} value={filter.priority?.[0] ?? ''} onChange={(event) => change({ priority: event.currentTarget.value ? [event.currentTarget.value as Priority] : [] })}>
            <option value="">{t('filter.any')}</option>
            {PRIORITIES.map((one) => <option key={one} value={one}>{priorityName(one)}</option>)}
          </select>
        )}
      </Field>
      <Field label={t('filter.tag')}>
        {(props) => (
          <select {...props} value={filter.tag?.[0] ?? ''} onChange={(event) => change({ tag: event.currentTarget.value ? [event.currentTarget.value] : [] })}>
            <option value="">{t('filter.any')}</option>
            {tags.value.map((one) => <option key={one.id} value={one.name}>{one.name}</option>)}
          </select>
        )}
      </Field>
      <Switch label={t('filter.unread')} checked={filter.unread ?? false} onChange={(unread) => change({ unread })} />
      <div class="dialog-actions">
        <Button onClick={() => void (refinement.value = {})} disabled={!isRefined.value}>{t('filter.clear')}</Button>
        <Button onClick={() => { onClose(); overlay.value = { kind: 'saveView' } }}>{t('command.save_view')}</Button>
        <Button tone="primary" onClick={onClose}>{t('common.done')}</Button>
      </div>
    </Dialog>
  )
}

function FilterMenu() {
  const isOpen = useSignal(false)
  const button = useRef<HTMLButtonElement>(null)
  return (
    <>
      <button ref={button} type="button" class={isRefined.value ? 'icon-button icon-button-on' : 'icon-button'} aria-haspopup="dialog" aria-label={t('filter.title')} title={t('filter.title')} onClick={() => void (isOpen.value = true)}>
        <Icon name="filter" />
      </button>
      {isOpen.value ? <FilterDialog onClose={() => void (isOpen.value = false)} /> : null}
    </>
  )
}

function FilterChips() {
  if (!isRefined.value) return null
  const filter = refinement.value
  const chips: { key: keyof ViewFilter; text: string }[] = []
  if (filter.status?.length) chips.push({ key: 'status', text: filter.status.map(statusName).join(', ') })
  if (filter.assignee) chips.push({ key: 'assignee', text: filter.assignee === 'me' ? t('filter.me') : filter.assignee === 'none' ? t('filter.nobody') : (agentOf(filter.assignee)?.name ?? filter.assignee) })
  if (filter.team) chips.push({ key: 'team', text: teamOf(filter.team)?.name ?? filter.team })
  if (filter.channel) chips.push({ key: 'channel', text: channels.value.find((one) => one.id === filter.channel)?.name ?? filter.channel })
  if (filter.tag?.length) chips.push({ key: 'tag', text: filter.tag.join(', ') })
  if (filter.priority?.length) chips.push({ key: 'priority', text: filter.priority.map(priorityName).join(', ') })
  if (filter.unread) chips.push({ key: 'unread', text: t('filter.unread') })
  if (filter.q) chips.push({ key: 'q', text: `“${filter.q}”` })
  return (
    <div class="filter-chips">
      {chips.map((one) => (
        <Chip
          key={one.key}
          tone="accent"
          removeLabel={t('filter.remove', { name: one.text })}
          onRemove={() => {
            const next = { ...refinement.peek() }
            delete next[one.key]
            refinement.value = next
          }}
        >
          <Words text={one.text} />
        </Chip>
      ))}
    </div>
  )
}

export const FilterBar = { Menu: FilterMenu, Chips: FilterChips }
