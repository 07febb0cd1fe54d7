// One entry of the timeline: a bubble with its words, files and state, or a line of activity.
import { useSignal } from '@preact/signals'
import { useEffect } from 'preact/hooks'
import { Icon, type IconName } from '../ui/icon'
import { Avatar, Words } from '../ui/parts'
import { clock, dateTime, languageName } from '../lib/format'
import { t } from '../lib/i18n'
import type { Activity, Conversation, Id, Message, Priority, Status } from '../lib/types'
import { priorityName } from '../inbox/row'
import { statusName } from '../inbox/filter_bar'
import { cancelMessage, discardLocal, editLocal, retryMessage, sendNow } from '../state/sending'
import { agentOf, me, teamOf } from '../state/store'
import { MailOf } from '../mail/entry'
import { AttachmentView } from './attachment'
import { linkParts } from './link_parts'
import { authorName, AutomaticMark, ByMail, deletedBy, Edited, placeOf, Quote, Reactions, VisibilityMark } from './marks'
import { MessageActs } from './message_acts'
import { isTranscript, Parts } from './parts'
import { outcomeName } from '../palette/picker'
import { lazyPart } from '../ui/lazy'

const SeparateButton = lazyPart(() => import('./joining').then((module) => module.SeparateButton))

/** A person's text: links become links, mentions of colleagues stand out, nothing is ever markup. */
export function MessageText({ text, mentions }: { text: string; mentions: readonly string[] }) {
  const names = mentions.map((id) => agentOf(id)?.name).filter((name): name is string => Boolean(name))
  return (
    <div class="message-text" dir="auto">
      {linkParts(text, names).map((part, at) =>
        part.kind === 'link' ? (
          <a key={at} href={part.href} target="_blank" rel="noopener noreferrer nofollow">{part.text}</a>
        ) : part.kind === 'mention' ? (
          <mark key={at} class="mention">{part.text}</mark>
        ) : (
          part.text
        ),
      )}
    </div>
  )
}

/** Seconds left of the undo window, counted down while it is open. */
/** Planned for later; or the customer has written meanwhile, and it waits for its writer. */
function Planned({ message }: { message: Message }) {
  return (
    <>
      <span>{message.held_until ? t('state.planned', { time: dateTime(message.held_until) }) : t('state.held_back')}</span>
      {message.held_until ? <button type="button" class="link-button" onClick={() => void sendNow(message)}>{t('state.send_now')}</button> : null}
      <button type="button" class="link-button" onClick={() => void cancelMessage(message)}>{message.held_until ? t('common.cancel') : t('state.take_back')}</button>
    </>
  )
}

function Held({ message }: { message: Message }) {
  const left = useSignal(0)
  useEffect(() => {
    const update = (): void => {
      left.value = message.held_until ? Math.max(0, Math.ceil((Date.parse(message.held_until) - Date.now()) / 1000)) : 0
    }
    update()
    const timer = setInterval(update, 250)
    return () => clearInterval(timer)
  }, [message.held_until])
  if (!left.value) return <span>{t('state.queued')}</span>
  return (
    <>
      <span>{t('state.held', { seconds: left.value })}</span>
      <button type="button" class="link-button" onClick={() => void cancelMessage(message)}>{t('common.undo')}</button>
    </>
  )
}

const STATE_ICONS: Record<Message['state'], IconName> = {
  received: 'check', held: 'clock', queued: 'clock', sending: 'clock', sent: 'check', delivered: 'check', read: 'eye', failed: 'alert', unknown: 'alert', cancelled: 'close',
}

export function stateName(state: Message['state']): string {
  switch (state) {
    case 'received':
      return t('state.received')
    case 'held':
    case 'queued':
      return t('state.queued')
    case 'sending':
      return t('state.sending')
    case 'sent':
      return t('state.sent')
    case 'delivered':
      return t('state.delivered')
    case 'read':
      return t('state.read')
    case 'failed':
      return t('state.failed')
    case 'unknown':
      return t('state.unknown')
    case 'cancelled':
      return t('state.cancelled')
  }
}

/** `isTold`: the mail says itself, in the reader's language, who has not got it. */
function State({ message, isTold }: { message: Message; isTold: boolean }) {
  if (message.kind !== 'out' && !message.id.startsWith('local:')) return null
  const isLocalNote = message.kind === 'note'
  const isBad = message.state === 'failed' || message.state === 'unknown'
  return (
    <span class={isBad || (message.state === 'held' && message.planned_at && !message.held_until) ? 'message-state message-state-bad' : 'message-state'}>
      <Icon name={STATE_ICONS[message.state]} size={13} />
      {message.state === 'held' && message.planned_at && !message.id.startsWith('local:') ? <Planned message={message} /> : message.state === 'held' && message.held_until ? <Held message={message} /> : <span>{isLocalNote ? t('state.saving') : stateName(message.state)}</span>}
      {!isBad && message.error && !isTold ? <Words text={message.error} class="message-error" /> : null}
      {isBad ? (
        <>
          {message.error && !isTold ? <Words text={message.error} class="message-error" /> : null}
          <button type="button" class="link-button" onClick={() => void retryMessage(message)}>{t('common.retry')}</button>
          {message.id.startsWith('local:') ? (
            <>
              <button type="button" class="link-button" onClick={() => editLocal(message)}>{t('review.edit')}</button>
              <button type="button" class="link-button" onClick={() => discardLocal(message)}>{t('common.discard')}</button>
            </>
          ) : null}
        </>
      ) : null}
    </span>
  )
}

interface ContentProps { message: Message; isMail: boolean; onTold: (isTold: boolean) => void }

function Content({ message, isMail, onTold }: ContentProps) {
  const inside = useSignal<readonly Id[]>([])
  const files = message.attachments?.filter((one) => !inside.value.includes(one.id)) ?? []
  return (
    <>
      {message.text && isTranscript(message.parts) ? <span class="part-kind">{t('part.transcript')}</span> : null}
      {isMail ? <MailOf id={message.id} text={message.text} version={message.kind === 'out' ? message.state + (message.error ?? '') : ''} onShown={(ids, isTold) => { inside.value = ids; onTold(isTold) }} /> : message.text ? <MessageText text={message.text} mentions={message.mentions ?? []} /> : null}
      {message.parts?.length ? <Parts parts={message.parts} /> : null}
      {files.length ? <div class="message-files">{files.map((one) => <AttachmentView key={one.id} attachment={one} />)}</div> : null}
    </>
  )
}

function Bubble({ quoted, ...content }: ContentProps & { quoted: Id | null }) {
  const { message } = content
  return (
    <div class="message-bubble">
      {quoted ? <Quote id={quoted} /> : null}
      {message.deleted_at ? (
        <details class="message-deleted">
          <summary><Icon name="trash" size={13} /> {deletedBy(message)} <time dateTime={message.deleted_at}>{clock(message.deleted_at)}</time></summary>
          <del><Content {...content} /></del>
        </details>
      ) : <Content {...content} />}
    </div>
  )
}

interface MessageProps { conversation: Conversation; message: Message; isContinued: boolean; isJoined: boolean; isMine: boolean; isMixed: boolean; quoted: Id | null }

function Head({ message, isMixed }: { message: Message; isMixed: boolean }) {
  return (
    <header class="message-head">
      <Words text={authorName(message)} class="message-name" />
      {message.kind === 'note' ? <span class="message-kind"><Icon name="lock" size={12} /> {t('message.note')}</span> : isMixed ? <VisibilityMark visibility={message.visibility} /> : null}
      {message.is_automatic ? <AutomaticMark /> : null}
      <time dateTime={message.sent_at} title={dateTime(message.sent_at)}>{clock(message.sent_at)}</time>
      {message.by_mail ? <ByMail /> : null}
      {message.edited_at && !message.deleted_at ? <Edited at={message.edited_at} /> : null}
    </header>
  )
}

/** isMixed: the conversation has public and private messages, so that each says which it is. */
export function MessageView({ conversation, message, isContinued, isJoined, isMine, isMixed, quoted }: MessageProps) {
  const name = authorName(message)
  const kind = message.kind === 'in' ? 'in' : message.kind === 'note' ? 'note' : 'out'
  const isCancelled = message.state === 'cancelled'
  const isTold = useSignal(false)
  return (
    <article id={placeOf(message.id)} tabIndex={-1} class={`message message-${kind}${isContinued ? ' message-continued' : ''}${isJoined ? ' message-joined' : ''}${isMine ? ' message-mine' : ''}${isCancelled ? ' message-cancelled' : ''}`} aria-label={t('message.by', { name, time: dateTime(message.sent_at) })}>
      <span class="message-avatar">{isContinued ? null : <Avatar name={name} photo={isMine ? (me.value?.photo_url ?? message.author.photo_url) : message.author.photo_url} size={32} />}</span>
      <div class="message-main">
        {isContinued ? null : <Head message={message} isMixed={isMixed} />}
        <div class="message-line">
          <Bubble message={message} quoted={quoted} isMail={(conversation.channel.kind === 'email' || (message.by_mail && message.kind === 'in')) && message.kind !== 'note' && !message.id.startsWith('local:')} onTold={(is) => void (isTold.value = is)} />
          <MessageActs conversation={conversation} message={message} />
        </div>
        {message.reactions?.length ? <Reactions message={message} /> : null}
        {isContinued && message.is_automatic ? <AutomaticMark /> : null}
        {isContinued && message.by_mail ? <ByMail /> : null}
        {isContinued && message.edited_at && !message.deleted_at ? <Edited at={message.edited_at} /> : null}
        <State message={message} isTold={isTold.value} />
      </div>
    </article>
  )
}

const asText = (value: unknown): string => (typeof value === 'string' ? value : typeof value === 'number' ? String(value) : '')

function whom(value: unknown): string {
  const id = typeof value === 'object' && value !== null && 'id' in value ? asText((value as { id: unknown }).id) : asText(value)
  const named = typeof value === 'object' && value !== null && 'name' in value ? asText((value as { name: unknown }).name) : ''
  return named || (agentOf(id)?.name ?? teamOf(id)?.name ?? '')
}

/** Why an automatic mail did not go out. */
function refusalText(why: string): string {
  switch (why) {
    case 'no_address':
      return t('automatic.no_address')
    case 'machine':
      return t('automatic.machine')
    case 'ours':
      return t('automatic.ours')
    case 'unwanted':
      return t('automatic.unwanted')
    case 'stopped':
      return t('automatic.stopped')
    case 'hour':
      return t('automatic.hour')
    case 'day':
      return t('automatic.day')
    default:
      return why
  }
}

/** What happened, as a sentence. Unknown kinds are told by their own name rather than hidden. */
export function activityText(activity: Activity, by: string): string {
  const type = activity.type.replace(/^conversation\./, '')
  const to = activity.to
  switch (type) {
    case 'created':
      return t('activity.created')
    case 'status':
    case 'status_changed':
      return t('activity.status', { name: by, status: statusName(asText(to) as Status) ?? asText(to) })
    case 'resolved':
      return t('activity.status', { name: by, status: t('status.resolved') })
    case 'reopened':
      return t('activity.reopened')
    case 'snoozed':
      return t('activity.status', { name: by, status: t('status.snoozed') })
    case 'unsnoozed':
      return t('activity.woke')
    case 'priority':
    case 'priority_changed':
      return t('activity.priority', { name: by, priority: priorityName(asText(to) as Priority) ?? asText(to) })
    case 'assignee':
    case 'assigned':
    case 'team': {
      const target = whom(to)
      return target ? t('activity.assigned', { name: by, target }) : t('activity.unassigned', { name: by })
    }
    case 'unassigned':
      return t('activity.unassigned', { name: by })
    case 'tags':
    case 'tagged':
      return to ? t('activity.tag_added', { name: by, tag: asText(to) }) : t('activity.tag_removed', { name: by, tag: asText(activity.from) })
    case 'subject':
      return t('activity.subject', { name: by, subject: asText(to) })
    case 'language':
      return t('activity.language', { name: by, language: asText(to) ? languageName(asText(to)) : '—' })
    case 'outcome':
      return t('activity.outcome', { name: by, outcome: outcomeName(asText(to)) })
    case 'forwarded':
      return t('activity.forwarded', { name: by, to: asText(to) })
    case 'moved':
      return t('activity.moved', { name: by, channel: asText(to) || whom(to) })
    case 'joined':
      return t('activity.joined', { name: by, number: '#' + asText(to) })
    case 'joined_into':
      return t('activity.joined_into', { name: by, number: '#' + asText(to) })
    case 'separated':
      return t('activity.separated', { name: by, number: '#' + asText(to) })
    case 'hide':
      return t('activity.hidden', { name: by })
    case 'unhide':
      return t('activity.unhidden', { name: by })
    case 'automatic_refused':
      return t('activity.automatic_refused', { address: asText(to), why: refusalText(asText(activity.from)) })
    case 'automatic_stopped':
      return asText(to) ? t('activity.automatic_stopped', { address: asText(to) }) : t('activity.automatic_stopped_here')
    case 'act_failed':
      return t('activity.act_failed', { why: asText(to) })
    default:
      return t('activity.other', { name: by, what: type.replaceAll('_', ' '), to: asText(to) || whom(to) })
  }
}

export function ActivityLine({ message }: { message: Message }) {
  const by = authorName(message)
  return (
    <p class="activity">
      <span>{message.activity ? activityText(message.activity, by) : message.text}</span> <time dateTime={message.sent_at}>{clock(message.sent_at)}</time>
      {message.activity?.type === 'joined' ? <SeparateButton message={message} /> : null}
    </p>
  )
}

export function MessagePreview({ message }: { message: Message }) {
  return (
    <div class="review-message">
      <strong><Words text={message.author.name ?? ''} /></strong> <span dir="auto">{message.text}</span>
    </div>
  )
}

