// The head of a conversation: with whom, in what state, whose it is, and the actions.
import { Icon } from '../ui/icon'
import { Menu } from '../ui/menu'
import { Avatar, Chip, CommandButton, IconButton, Words } from '../ui/parts'
import { dateTime } from '../lib/format'
import { t } from '../lib/i18n'
import type { Conversation } from '../lib/types'
import { contactName, priorityName } from '../inbox/row'
import { statusName } from '../inbox/filter_bar'
import { changeTags } from '../state/changes'
import { command, isEnabled, keysOf, leaveConversation, run } from '../state/commands'
import { size } from '../state/look'
import { agentOf, can, presenceOf, teamOf } from '../state/store'

function Viewers({ conversation }: { conversation: Conversation }) {
  const present = presenceOf(conversation.id).value.agents.flatMap((one) => {
    const agent = agentOf(one.agent_id)
    return agent ? [{ agent, isTyping: one.is_typing || one.state === 'typing' }] : []
  })
  if (!present.length) return null
  return (
    <span class="viewers" role="status">
      {present.slice(0, 4).map(({ agent, isTyping }) => (
        <span key={agent.id} class={isTyping ? 'viewer viewer-typing' : 'viewer'} title={isTyping ? t('presence.typing', { name: agent.name }) : t('presence.viewing', { name: agent.name })}>
          <Avatar name={agent.name} photo={agent.photo_url} size={24} />
          <span class="sr-only">{isTyping ? t('presence.typing', { name: agent.name }) : t('presence.viewing', { name: agent.name })}</span>
        </span>
      ))}
    </span>
  )
}

const MENU = ['reopen', 'pending', 'resolve_as', 'tag', 'priority', 'unread', 'look.context'] as const

export function Header({ conversation }: { conversation: Conversation }) {
  const name = contactName(conversation.contact.name)
  const assignee = agentOf(conversation.assignee_id)
  const team = teamOf(conversation.team_id)
  const width = size.value
  const isSmall = width === 'phone' || width === 'narrow'
  const menuIds = isSmall ? (['assign', 'assign_me', 'snooze', ...MENU] as const) : MENU
  return (
    <header class="conversation-head">
      <div class="conversation-head-line">
        {width === 'phone' ? <IconButton icon="back" label={t('command.back')} onClick={leaveConversation} /> : null}
        <div class="conversation-who">
          <h1>
            <Words text={name} />
          </h1>
          <span class="conversation-sub">
            <Icon name={conversation.channel.kind === 'widget' ? 'chat' : 'code'} size={14} />
            <Words text={conversation.channel.name} />
            <span dir="ltr">#{conversation.number}</span>
            {conversation.is_public ? <Chip tone="warn" icon="eye">{t('conversation.public')}</Chip> : null}
          </span>
        </div>
        <Viewers conversation={conversation} />
        <div class="conversation-actions">
          {isSmall ? null : (
            <>
              <button type="button" class="assignee-button" data-command="assign" disabled={!can('conversation.assign')} title={t('command.assign')} onClick={() => run('assign')}>
                {assignee ? <Avatar name={assignee.name} photo={assignee.photo_url} size={20} /> : <Icon name="assign" size={16} />}
                <span>{assignee || team ? <Words text={assignee?.name ?? team?.name ?? ''} /> : t('conversation.unassigned')}</span>
              </button>
              <CommandButton id="snooze" iconOnly />
            </>
          )}
          {conversation.status === 'resolved' ? <CommandButton id="reopen" label={t('conversation.reopen')} small /> : <CommandButton id="resolve" label={t('conversation.resolve')} tone="primary" small />}
          <Menu
            label={t('conversation.more')}
            icon="more"
            items={menuIds.filter((id) => isEnabled(command(id))).map((id) => {
              const one = command(id)
              const keys = keysOf(one)[0]
              return { label: t(one.title), icon: one.icon, ...(keys ? { keys } : {}), run: () => run(id) }
            })}
          />
        </div>
      </div>
      <div class="conversation-chips">
        <Chip tone={'status-' + conversation.status} icon={conversation.status === 'resolved' ? 'check' : conversation.status === 'snoozed' ? 'clock' : conversation.status === 'pending' ? 'pause' : 'inbox'}>
          {statusName(conversation.status)}
          {conversation.status === 'snoozed' && conversation.snoozed_until ? ' · ' + dateTime(conversation.snoozed_until) : ''}
        </Chip>
        {conversation.priority !== 'none' ? <Chip tone={conversation.priority} icon="flag">{priorityName(conversation.priority)}</Chip> : null}
        {conversation.tags.map((tag) => (
          <Chip key={tag} icon="tag" {...(can('conversation.update') ? { onRemove: () => void changeTags([conversation.id], { remove_tags: [tag] }), removeLabel: t('tag.remove', { name: tag }) } : {})}>
            <Words text={tag} />
          </Chip>
        ))}
        {can('conversation.update') ? (
          <button type="button" class="chip-add" title={t('command.tag')} onClick={() => run('tag')}>
            <Icon name="plus" size={14} />
            {t('tag.add')}
          </button>
        ) : null}
      </div>
    </header>
  )
}
