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

/** One condition of which one value, or none, is chosen. */
function OneOf({ label, value, choices, onChange }: { label: string; value: string; choices: readonly (readonly [value: string, name: string])[]; onChange: (value: string) => void }) {
  return (
    <Field label={label}>
      {(props) => (
        <select {...props} value={value} onChange={(event) => onChange(event.currentTarget.value)}>
          <option value="">{t('filter.any')}</option>
          {choices.map(([key, name]) => <option key={key} value={key}>{name}</option>)}
        </select>
      )}
    </Field>
  )
}

function StatusChoice({ chosen }: { chosen: readonly Status[] }) {
  const toggle = (one: Status, isOn: boolean): void => change({ status: STATUSES.filter((status) => (status === one ? isOn : chosen.includes(status))) })
  return (
    <fieldset class="choices">
      <legend>{t('filter.status')}</legend>
      {STATUSES.map((one) => (
        <label key={one}>
          <input type="checkbox" checked={chosen.includes(one)} onChange={(event) => toggle(one, event.currentTarget.checked)} />
          {statusName(one)}
        </label>
      ))}
    </fieldset>
  )
}

function Conditions() {
  const filter = query.value.filter
  const named = (list: readonly { id: string; name: string }[]) => list.map((one) => [one.id, one.name] as const)
  const people = [['me', t('filter.me')], ['none', t('filter.nobody')], ...named(agents.value.filter((one) => one.is_active))] as const
  return (
    <>
      <StatusChoice chosen={filter.status?.length ? filter.status : ['open']} />
      <OneOf label={t('filter.assignee')} value={filter.assignee ?? ''} choices={people} onChange={(one) => change({ assignee: one || null })} />
      <OneOf label={t('filter.team')} value={filter.team ?? ''} choices={named(teams.value)} onChange={(one) => change({ team: one || null })} />
      <OneOf label={t('filter.channel')} value={filter.channel ?? ''} choices={named(channels.value)} onChange={(one) => change({ channel: one || null })} />
      <OneOf label={t('filter.priority')} value={filter.priority?.[0] ?? ''} choices={PRIORITIES.map((one) => [one, priorityName(one)] as const)} onChange={(one) => change({ priority: one ? [one as Priority] : [] })} />
      <OneOf label={t('filter.tag')} value={filter.tag?.[0] ?? ''} choices={tags.value.map((one) => [one.name, one.name] as const)} onChange={(one) => change({ tag: one ? [one] : [] })} />
      <Switch label={t('filter.unread')} checked={filter.unread ?? false} onChange={(unread) => change({ unread })} />
    </>
  )
}

function FilterDialog({ onClose }: { onClose: () => void }) {
  return (
    <Dialog label={t('filter.title')} onClose={onClose} class="dialog-small">
      <h2>{t('filter.title')}</h2>
      <Conditions />
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
