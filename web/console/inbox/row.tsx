// One conversation in the list. Its parts are drawn apart: a moved highlight or a colleague who types does not draw the whole row.
import { useComputed } from '@preact/signals'
import { Icon } from '../ui/icon'
import { ChannelSign } from '../ui/network'
import { Avatar, Chip, Words } from '../ui/parts'
import { age, dateTime } from '../lib/format'
import { t } from '../lib/i18n'
import { isNetwork } from '../lib/network_types'
import { BASE, inboxPath } from '../lib/router'
import type { Conversation, Id, Priority, Sort } from '../lib/types'
import { currentView, selected, toggleSelected, viewKey } from '../state/lists'
import { openConversationRow } from '../state/commands'
import { channelName } from '../state/networks'
import { agentOf, conversations, presenceOf, teamOf } from '../state/store'
import { draftOf, isBlank } from '../state/drafts'
import { outboxItems } from '../state/sending'

/** Who writes by mail often gives no name. */
export function contactName(contact: { name?: string | null; email?: string | null }): string {
  return contact.name?.trim() || contact.email || t('contact.unknown')
}

export function priorityName(priority: Priority): string {
  switch (priority) {
    case 'urgent':
      return t('priority.urgent')
    case 'high':
      return t('priority.high')
    case 'medium':
      return t('priority.medium')
    case 'low':
      return t('priority.low')
    case 'none':
      return t('priority.none')
  }
}

function Preview({ conversation }: { conversation: Conversation }) {
  const presence = presenceOf(conversation.id).value
  if (presence.isContactTyping) return <span class="row-preview row-typing">{t('timeline.contact_typing')}</span>
  const draft = draftOf(conversation.id).value
  const waiting = outboxItems.value.find((item) => item.conversation_id === conversation.id)
  const mark = waiting
    ? waiting.state === 'review' || waiting.state === 'personal' || waiting.state === 'refused' ? t('row.needs_you') : t('row.sending')
    : !isBlank(draft) ? t('row.draft') : null
  const text = waiting ? waiting.text : !isBlank(draft) ? draft.reply || draft.note || (draft.attachments[0]?.name ?? '') : (conversation.preview ?? '')
  return (
    <span class="row-preview">
      {mark ? <span class="row-mark">{mark}</span> : null}
      {!mark && conversation.preview_kind === 'out' ? <Icon name="reply" size={13} /> : null}
      {!mark && conversation.preview_kind === 'auto' ? <span class="row-automatic"><Icon name="bolt" size={13} /> {t('message.automatic')}</span> : null}
      {!mark && conversation.preview_kind === 'note' ? <Icon name="note" size={13} /> : null}
      <Words text={text || (conversation.subject ?? t('row.no_text'))} />
    </span>
  )
}

function Waiting({ conversation, sort }: { conversation: Conversation; sort: Sort }) {
  if (!conversation.waiting_since || conversation.status === 'resolved') return null
  if (sort === 'newest' && Date.now() - Date.parse(conversation.waiting_since) < 5 * 60_000) return null
  return (
    <Chip tone={Date.now() - Date.parse(conversation.waiting_since) > 3_600_000 ? 'warn' : 'plain'} icon="clock">
      {t('row.waiting', { age: age(conversation.waiting_since) })}
    </Chip>
  )
}

function Face({ conversation, name }: { conversation: Conversation; name: string }) {
  const isOnline = presenceOf(conversation.id).value.isContactOnline ?? conversation.contact.is_online
  return (
    <span class="row-avatar">
      <Avatar name={name} photo={conversation.contact.avatar_url} size={32} online={isOnline} />
      <span class="row-channel" title={channelName(conversation.channel)}>
        <ChannelSign kind={conversation.channel.kind} size={isNetwork(conversation.channel.kind) ? 15 : 11} />
      </span>
    </span>
  )
}

/** Who looks at it now, and whose it is. */
function People({ conversation }: { conversation: Conversation }) {
  const viewers = presenceOf(conversation.id).value.agents.flatMap((one) => {
    const agent = agentOf(one.agent_id)
    return agent ? [{ agent, isTyping: one.is_typing || one.state === 'typing' }] : []
  })
  const assignee = agentOf(conversation.assignee_id)
  const team = teamOf(conversation.team_id)
  return (
    <span class="row-people">
      {viewers.slice(0, 2).map(({ agent, isTyping }) => (
        <span key={agent.id} class={isTyping ? 'row-viewer row-viewer-typing' : 'row-viewer'} title={t('presence.viewing', { name: agent.name })}>
          <Avatar name={agent.name} photo={agent.photo_url} size={20} />
        </span>
      ))}
      {assignee ? (
        <span title={t('row.assigned', { name: assignee.name })}>
          <span class="sr-only">{t('row.assigned', { name: assignee.name })}</span>
          <Avatar name={assignee.name} photo={assignee.photo_url} size={20} />
        </span>
      ) : team ? <Words text={team.name} class="row-team" /> : null}
    </span>
  )
}

function Chips({ conversation, sort }: { conversation: Conversation; sort: Sort }) {
  return (
    <span class="row-line row-chips">
      {conversation.is_public ? <Chip tone="public" icon="eye">{t('conversation.public')}</Chip> : null}
      {conversation.priority !== 'none' ? <Chip tone={conversation.priority} icon="flag">{priorityName(conversation.priority)}</Chip> : null}
      {conversation.status === 'snoozed' ? <Chip icon="clock">{t('row.until', { time: dateTime(conversation.snoozed_until) })}</Chip> : null}
      {conversation.status === 'pending' ? <Chip icon="pause">{t('status.pending')}</Chip> : null}
      <Waiting conversation={conversation} sort={sort} />
      {conversation.tags.slice(0, 2).map((tag) => (
        <Chip key={tag} tone="tag"><Words text={tag} /></Chip>
      ))}
      {conversation.tags.length > 2 ? <span class="row-more" dir="ltr">+{conversation.tags.length - 2}</span> : null}
      <People conversation={conversation} />
    </span>
  )
}

function Body({ conversation, name, sort }: { conversation: Conversation; name: string; sort: Sort }) {
  const unread = conversation.unread_count
  return (
    <span class="row-body">
      <span class="row-line">
        <Words text={name} class="row-name" />
        {unread > 0 ? <span class="sr-only">{t('row.unread', { count: unread })}</span> : null}
        <time class="row-age" dateTime={conversation.last_message_at ?? ''} title={dateTime(conversation.last_message_at)}>
          {age(conversation.last_message_at)}
        </time>
      </span>
      <span class="row-line">
        <Preview conversation={conversation} />
        {unread > 0 ? <span class="row-badge" aria-hidden="true">{unread > 9 ? '9+' : unread}</span> : null}
      </span>
      <Chips conversation={conversation} sort={sort} />
    </span>
  )
}

export function Row({ id, index, count, top, height, isOpen, isCursor, sort }: { id: Id; index: number; count: number; top: number; height: number; isOpen: boolean; isCursor: boolean; sort: Sort }) {
  const conversation = conversations.get(id)
  const isTicked = useComputed(() => selected.value.has(id)).value
  if (!conversation) return null
  const name = contactName(conversation.contact)
  const classes = ['row', isOpen ? 'row-open' : '', isCursor ? 'row-cursor' : '', conversation.unread_count > 0 ? 'row-unread' : '', isTicked ? 'row-ticked' : ''].filter(Boolean).join(' ')
  return (
    <div class={classes} role="listitem" aria-setsize={count} aria-posinset={index + 1} style={{ transform: `translateY(${top}px)`, blockSize: height + 'px' }}>
      <label class="row-tick">
        <input type="checkbox" checked={isTicked} aria-label={t('row.select', { name })} tabIndex={-1} onChange={() => toggleSelected(id)} />
      </label>
      <a
        class="row-link"
        data-row={id}
        href={BASE + inboxPath(viewKey(currentView.value), id)}
        aria-current={isOpen ? 'true' : undefined}
        tabIndex={isCursor || (index === 0 && !isCursor) ? 0 : -1}
        onClick={(event) => {
          if (event.metaKey || event.ctrlKey || event.shiftKey || event.button !== 0) return
          event.preventDefault()
          openConversationRow(id)
        }}
      >
        <Face conversation={conversation} name={name} />
        <Body conversation={conversation} name={name} sort={sort} />
      </a>
    </div>
  )
}
