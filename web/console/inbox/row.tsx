// One conversation in the list.
import { Icon } from '../ui/icon'
import { Avatar, Chip, Words } from '../ui/parts'
import { age, dateTime } from '../lib/format'
import { t } from '../lib/i18n'
import { BASE, inboxPath } from '../lib/router'
import type { Conversation, Id, Priority, Sort } from '../lib/types'
import { currentView, selected, toggleSelected, viewKey } from '../state/lists'
import { openConversationRow } from '../state/commands'
import { agentOf, conversations, presenceOf, teamOf } from '../state/store'
import { draftOf, isBlank } from '../state/drafts'
import { outboxItems } from '../state/sending'

export function contactName(name: string | null | undefined): string {
  return name?.trim() || t('contact.unknown')
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
    ? waiting.state === 'review' || waiting.state === 'refused' ? t('row.needs_you') : t('row.sending')
    : !isBlank(draft) ? t('row.draft') : null
  const text = waiting ? waiting.text : !isBlank(draft) ? draft.reply || draft.note || (draft.attachments[0]?.name ?? '') : (conversation.preview ?? '')
  return (
    <span class="row-preview">
      {mark ? <span class="row-mark">{mark}</span> : null}
      {!mark && conversation.preview_kind === 'out' ? <Icon name="reply" size={13} /> : null}
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

export function Row({ id, index, count, top, height, isOpen, isCursor, sort }: { id: Id; index: number; count: number; top: number; height: number; isOpen: boolean; isCursor: boolean; sort: Sort }) {
  const conversation = conversations.get(id)
  if (!conversation) return null
  const isTicked = selected.value.has(id)
  const name = contactName(conversation.contact.name)
  const assignee = agentOf(conversation.assignee_id)
  const team = teamOf(conversation.team_id)
  const isUnread = conversation.unread_count > 0
  const viewers = presenceOf(id).value.agents.filter((one) => agentOf(one.agent_id))
  const classes = ['row', isOpen ? 'row-open' : '', isCursor ? 'row-cursor' : '', isUnread ? 'row-unread' : '', isTicked ? 'row-ticked' : ''].filter(Boolean).join(' ')
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
        <span class="row-avatar">
          <Avatar name={name} photo={conversation.contact.avatar_url} size={32} online={presenceOf(id).value.isContactOnline ?? conversation.contact.is_online} />
          <span class="row-channel" title={conversation.channel.name}>
            <Icon name={conversation.channel.kind === 'widget' ? 'chat' : 'code'} size={11} />
          </span>
        </span>
        <span class="row-body">
          <span class="row-line">
            <Words text={name} class="row-name" />
            {isUnread ? <span class="sr-only">{t('row.unread', { count: conversation.unread_count })}</span> : null}
            <time class="row-age" dateTime={conversation.last_message_at ?? ''} title={dateTime(conversation.last_message_at)}>
              {age(conversation.last_message_at)}
            </time>
          </span>
          <span class="row-line">
            <Preview conversation={conversation} />
            {isUnread ? <span class="row-badge" aria-hidden="true">{conversation.unread_count > 9 ? '9+' : conversation.unread_count}</span> : null}
          </span>
          <span class="row-line row-chips">
            {conversation.priority !== 'none' ? <Chip tone={conversation.priority} icon="flag">{priorityName(conversation.priority)}</Chip> : null}
            {conversation.status === 'snoozed' ? <Chip icon="clock">{t('row.until', { time: dateTime(conversation.snoozed_until) })}</Chip> : null}
            {conversation.status === 'pending' ? <Chip icon="pause">{t('status.pending')}</Chip> : null}
            <Waiting conversation={conversation} sort={sort} />
            {conversation.tags.slice(0, 2).map((tag) => (
              <Chip key={tag}><Words text={tag} /></Chip>
            ))}
            {conversation.tags.length > 2 ? <span class="row-more" dir="ltr">+{conversation.tags.length - 2}</span> : null}
            <span class="row-people">
              {viewers.slice(0, 2).map((one) => {
                const agent = agentOf(one.agent_id)
                return agent ? (
                  <span key={agent.id} class={one.is_typing || one.state === 'typing' ? 'row-viewer row-viewer-typing' : 'row-viewer'} title={t('presence.viewing', { name: agent.name })}>
                    <Avatar name={agent.name} photo={agent.photo_url} size={20} />
                  </span>
                ) : null
              })}
              {assignee ? (
                <span title={t('row.assigned', { name: assignee.name })}>
                  <span class="sr-only">{t('row.assigned', { name: assignee.name })}</span>
                  <Avatar name={assignee.name} photo={assignee.photo_url} size={20} />
                </span>
              ) : team ? <Words text={team.name} class="row-team" /> : null}
            </span>
          </span>
        </span>
      </a>
    </div>
  )
}
