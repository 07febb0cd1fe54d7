// The head of a conversation: with whom, in what state, whose it is, and the actions.
import { Icon } from '../ui/icon'
import { ChannelSign } from '../ui/network'
import { Menu } from '../ui/menu'
import { Avatar, Chip, CommandButton, IconButton, Words } from '../ui/parts'
import { dateTime } from '../lib/format'
import { t } from '../lib/i18n'
import { isNetwork } from '../lib/network_types'
import type { Conversation } from '../lib/types'
import { contactName, priorityName } from '../inbox/row'
import { statusName } from '../inbox/filter_bar'
import { changeTags } from '../state/changes'
import { command, isEnabled, keysOf, leaveConversation, run } from '../state/commands'
import { size } from '../state/look'
import { channelName, channelOf } from '../state/networks'
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

const MENU = ['move', 'reopen', 'pending', 'resolve_as', 'tag', 'priority', 'unread', 'look.context'] as const

function Who({ conversation }: { conversation: Conversation }) {
  const channel = channelOf(conversation.channel.id)
  return (
    <div class="conversation-who">
      <h1>
        <Words text={contactName(conversation.contact)} />
      </h1>
      <span class="conversation-sub">
        <ChannelSign kind={conversation.channel.kind} size={isNetwork(conversation.channel.kind) ? 18 : 14} />
        <Words text={channelName(conversation.channel)} />
        {channel?.handle && channel.handle !== channelName(conversation.channel) ? <Words text={channel.handle} class="conversation-handle" /> : null}
        <span dir="ltr">#{conversation.number}</span>
        {conversation.is_public ? <Chip tone="public" icon="eye">{t('conversation.public')}</Chip> : null}
      </span>
    </div>
  )
}

function Assignee({ conversation }: { conversation: Conversation }) {
  const assignee = agentOf(conversation.assignee_id)
  const team = teamOf(conversation.team_id)
  return (
    <button type="button" class="assignee-button" data-command="assign" disabled={!can('conversation.assign')} title={t('command.assign')} onClick={() => run('assign')}>
      {assignee ? <Avatar name={assignee.name} photo={assignee.photo_url} size={20} /> : <Icon name="assign" size={16} />}
      <span>{assignee || team ? <Words text={assignee?.name ?? team?.name ?? ''} /> : t('conversation.unassigned')}</span>
    </button>
  )
}

function Actions({ conversation }: { conversation: Conversation }) {
  const isSmall = size.value === 'phone' || size.value === 'narrow'
  const menuIds = isSmall ? (['assign', 'assign_me', 'snooze', ...MENU] as const) : MENU
  const items = menuIds.filter((id) => isEnabled(command(id))).map((id) => {
    const one = command(id)
    const keys = keysOf(one)[0]
    return { label: t(one.title), icon: one.icon, ...(keys ? { keys } : {}), run: () => run(id) }
  })
  return (
    <div class="conversation-actions">
      {isSmall ? null : (
        <>
          <Assignee conversation={conversation} />
          <CommandButton id="snooze" iconOnly />
        </>
      )}
      {conversation.status === 'resolved' ? <CommandButton id="reopen" label={t('conversation.reopen')} small /> : <CommandButton id="resolve" label={t('conversation.resolve')} tone="primary" small />}
      <Menu key={conversation.id} label={t('conversation.more')} icon="more" items={items} />
    </div>
  )
}

const STATUS_ICONS = { open: 'inbox', pending: 'pause', snoozed: 'clock', resolved: 'check' } as const

function Chips({ conversation }: { conversation: Conversation }) {
  const { id, status, priority, snoozed_until } = conversation
  const role = channelOf(conversation.channel.id)?.handle_role
  const removal = (tag: string) => (can('conversation.update') ? { onRemove: () => void changeTags([id], { remove_tags: [tag] }), removeLabel: t('tag.remove', { name: tag }) } : {})
  return (
    <div class="conversation-chips">
      <Chip tone={'status-' + status} icon={STATUS_ICONS[status]}>
        {statusName(status)}
        {status === 'snoozed' && snoozed_until ? ' · ' + dateTime(snoozed_until) : ''}
      </Chip>
      {role ? <Chip icon="at">{role === 'support' ? t('channel.support_handle') : t('channel.brand_handle')}</Chip> : null}
      {priority !== 'none' ? <Chip tone={priority} icon="flag">{priorityName(priority)}</Chip> : null}
      {conversation.tags.map((tag) => (
        <Chip key={tag} icon="tag" {...removal(tag)}>
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
  )
}

export function Header({ conversation }: { conversation: Conversation }) {
  return (
    <header class="conversation-head">
      <div class="conversation-head-line">
        {size.value === 'phone' ? <IconButton icon="back" label={t('command.back')} onClick={leaveConversation} /> : null}
        <Who conversation={conversation} />
        <Viewers conversation={conversation} />
        <Actions conversation={conversation} />
      </div>
      <Chips conversation={conversation} />
    </header>
  )
}
