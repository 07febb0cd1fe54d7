// Choosing what a change is to be: an assignee, a time to wake, tags, a priority, an outcome.
import { useSignal } from '@preact/signals'
import { Avatar, Button, Dialog, Field } from '../ui/parts'
import { Icon } from '../ui/icon'
import { dateTime } from '../lib/format'
import { t } from '../lib/i18n'
import { OUTCOMES, PRIORITIES, type Id } from '../lib/types'
import { priorityName } from '../inbox/row'
import { changeConversations, changeTags } from '../state/changes'
import { closeOverlay, type Overlay } from '../state/overlays'
import { agents, can, conversations, myId, tags, teams } from '../state/store'
import { Chooser, type Choice } from './chooser'
import { snoozeTimes } from './snooze'

export function outcomeName(outcome: string): string {
  switch (outcome) {
    case 'solved':
      return t('outcome.solved')
    case 'not_solvable':
      return t('outcome.not_solvable')
    case 'customer_silent':
      return t('outcome.customer_silent')
    case 'duplicate':
      return t('outcome.duplicate')
    case 'no_reply_needed':
      return t('outcome.no_reply_needed')
    default:
      return outcome
  }
}

function AssignPicker({ ids }: { ids: Id[] }) {
  const current = ids.length === 1 ? conversations.get(ids[0] as Id) : undefined
  const people = agents.value.filter((one) => one.is_active && one.state !== 'invited').sort((a, b) => Number(b.id === myId.value) - Number(a.id === myId.value) || Number(b.is_online) - Number(a.is_online))
  const choices: Choice[] = [
    { key: 'none', label: t('assign.nobody'), icon: 'close', pick: () => void changeConversations(ids, { assignee_id: null }) },
    ...people.map((one): Choice => ({
      key: one.id,
      label: one.id === myId.value ? t('assign.me', { name: one.name }) : one.name,
      hint: one.id === current?.assignee_id ? t('assign.current') : one.is_online && one.availability === 'online' ? t('availability.online') : t('availability.away'),
      group: t('assign.agents'),
      lead: <Avatar name={one.name} photo={one.photo_url} size={24} />,
      pick: () => void changeConversations(ids, { assignee_id: one.id }),
    })),
    ...teams.value.map((one): Choice => ({ key: 't' + one.id, label: one.name, icon: 'team', group: t('assign.teams'), ...(one.id === current?.team_id ? { hint: t('assign.current') } : {}), pick: () => void changeConversations(ids, { team_id: one.id }) })),
  ]
  return <Chooser label={t('command.assign')} placeholder={t('assign.hint')} choices={choices} onClose={closeOverlay} />
}

function TagPicker({ ids }: { ids: Id[] }) {
  const all = ids.map((id) => conversations.get(id)).filter((one) => one !== undefined)
  const has = (name: string): boolean => all.length > 0 && all.every((one) => one.tags.includes(name))
  const names = [...new Set([...tags.value.map((one) => one.name), ...all.flatMap((one) => one.tags)])]
  const toggle = (name: string): Choice => ({
    key: name,
    label: name,
    isTicked: has(name),
    stays: ids.length === 1,
    pick: () => void changeTags(ids, has(name) ? { remove_tags: [name] } : { add_tags: [name] }),
  })
  return (
    <Chooser
      label={t('command.tag')}
      placeholder={t('tag.hint')}
      choices={names.map(toggle)}
      create={(query) => (can('tag.manage') && !names.some((name) => name.toLocaleLowerCase() === query.toLocaleLowerCase()) ? { ...toggle(query), key: 'new', label: t('tag.create', { name: query }), isTicked: false, stays: false } : null)}
      onClose={closeOverlay}
    />
  )
}

function SnoozePicker({ ids }: { ids: Id[] }) {
  const isOwn = useSignal(false)
  const own = useSignal('')
  const snooze = (until: Date): void => void changeConversations(ids, { status: 'snoozed', snoozed_until: until.toISOString() })
  if (isOwn.value) {
    const isValid = own.value !== '' && Date.parse(own.value) > Date.now()
    return (
      <Dialog label={t('snooze.own')} onClose={closeOverlay} class="dialog-small">
        <h2>{t('snooze.own')}</h2>
        <form onSubmit={(event) => { event.preventDefault(); if (!isValid) return; closeOverlay(); snooze(new Date(own.value)) }}>
          <Field label={t('snooze.until')}>{(props) => <input {...props} type="datetime-local" required autofocus value={own} onInput={(event) => void (own.value = event.currentTarget.value)} />}</Field>
          <div class="dialog-actions">
            <Button onClick={closeOverlay}>{t('common.cancel')}</Button>
            <Button type="submit" tone="primary" disabled={!isValid}>{t('command.snooze')}</Button>
          </div>
        </form>
      </Dialog>
    )
  }
  const labels = { hour: t('snooze.hour'), evening: t('snooze.evening'), tomorrow: t('snooze.tomorrow'), monday: t('snooze.monday'), week: t('snooze.week') }
  const choices: Choice[] = [
    ...snoozeTimes(new Date()).map((one): Choice => ({ key: one.key, label: labels[one.key], hint: dateTime(one.at.toISOString()), icon: 'clock', pick: () => snooze(one.at) })),
    { key: 'own', label: t('snooze.own'), icon: 'edit', stays: true, pick: () => void (isOwn.value = true) },
  ]
  return <Chooser label={t('command.snooze')} placeholder={t('snooze.hint')} choices={choices} onClose={closeOverlay} />
}

export function Picker({ what, ids }: { what: Extract<Overlay, { kind: 'pick' }>['what']; ids: Id[] }) {
  switch (what) {
    case 'assign':
      return <AssignPicker ids={ids} />
    case 'tag':
      return <TagPicker ids={ids} />
    case 'snooze':
      return <SnoozePicker ids={ids} />
    case 'priority':
      return (
        <Chooser label={t('command.priority')} placeholder={t('priority.hint')} onClose={closeOverlay} choices={PRIORITIES.map((one): Choice => ({ key: one, label: priorityName(one), lead: <span class={'priority-dot priority-' + one}><Icon name="flag" size={16} /></span>, pick: () => void changeConversations(ids, { priority: one }) }))} />
      )
    case 'resolve':
    case 'status':
      return <Chooser label={t('command.resolve_as')} placeholder={t('outcome.hint')} onClose={closeOverlay} choices={OUTCOMES.map((one): Choice => ({ key: one, label: outcomeName(one), icon: 'check', pick: () => void changeConversations(ids, { status: 'resolved', outcome: one }) }))} />
  }
}
