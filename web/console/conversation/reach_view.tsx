// What the composer shows of a network: public or private, what is answered, the window's clock, the length in the network's own count.
import { useEffect } from 'preact/hooks'
import { Icon } from '../ui/icon'
import { Button, IconButton, Words } from '../ui/parts'
import { dateTime, left, now, number } from '../lib/format'
import { t } from '../lib/i18n'
import type { Conversation, Message } from '../lib/types'
import { run } from '../state/commands'
import { changeDraft } from '../state/drafts'
import { isRemoved } from '../state/networks'
import { overlay } from '../state/overlays'
import { messages } from '../state/store'
import { openConversation } from '../state/timeline'
import type { Desk } from './desk'
import { authorName } from './marks'
import { Outside, webAddress } from './parts'
import type { LengthNow } from './limits'
import type { Reach } from './reach'

export function VisibilityChoice({ desk, reach }: { desk: Desk; reach: Reach }) {
  const ways = reach.ways.value
  if (desk.kind.value === 'note' || !ways || (!ways.public && !ways.private)) return null
  const current = reach.visibility.value
  if (!ways.public || !ways.private) {
    return current === 'public' ? <span class="visibility visibility-public composer-visibility"><Icon name="eye" size={14} /> {t('composer.goes_public')}</span> : null
  }
  return (
    <div class="composer-way" role="group" aria-label={t('composer.visibility')}>
      {(['public', 'private'] as const).map((one) => (
        <button key={one} type="button" class={`composer-tab composer-tab-${one}`} aria-pressed={current === one} onClick={() => { changeDraft(desk.id, { visibility: one }); desk.area.current?.focus() }}>
          <Icon name={one === 'public' ? 'eye' : 'lock'} size={14} /> {one === 'public' ? t('composer.public') : t('composer.private')}
        </button>
      ))}
    </div>
  )
}

export function Answered({ desk }: { desk: Desk }) {
  const id = desk.draft.value.replyTo
  const message: Message | undefined = id ? messages.get(id) : undefined
  if (!id || desk.kind.value === 'note') return null
  return (
    <div class="composer-answered">
      <Icon name="reply" size={14} />
      <span class="composer-answered-words">{message ? <><strong><Words text={authorName(message)} /></strong> <Words text={message.text || (message.attachments[0]?.name ?? '')} /></> : t('message.quotes_earlier')}</span>
      <IconButton icon="close" size={14} label={t('composer.answer_all')} onClick={() => changeDraft(desk.id, { replyTo: null })} />
    </div>
  )
}

const SOON_MS = 3_600_000

/** How long the network lets one answer, and what it lets one do after that. */
export function WindowNote({ desk, reach, conversation }: { desk: Desk; reach: Reach; conversation: Conversation }) {
  const lastIn = conversation.last_in_at
  // A new message of the customer's opens the window again: the server knows how far.
  useEffect(() => {
    if (reach.ways.peek()) void openConversation(desk.id)
  }, [lastIn])
  const ways = reach.ways.value
  const network = reach.network.value
  if (desk.kind.value === 'note') return null
  if (isRemoved(conversation.channel)) return <p class="window window-bad" role="status"><Icon name="lock" size={14} /> <span>{t('channel.removed_hint')}</span><Move /></p>
  if (!ways || !network) return null
  const there = webAddress(ways.answer_url)
  if (there) return <p class="window window-warn" role="status"><Icon name="outside" size={14} /> <span>{t('window.by_hand', { network: network.title })}</span> <Outside href={there}>{t('post.open', { network: network.title })}</Outside></p>
  if (!ways.public && !ways.private) return <p class="window window-bad" role="status"><Icon name="lock" size={14} /> <span>{t('window.nowhere', { network: network.title })}</span><Move /></p>
  if (reach.visibility.value !== 'private') return null
  switch (reach.window.value) {
    case 'open': {
      if (!ways.window_until) return null
      const rest = Date.parse(ways.window_until) - now.value
      return <p class={rest < SOON_MS ? 'window window-warn' : 'window'} role="note" title={dateTime(ways.window_until)}><Icon name="clock" size={14} /> <span>{t('window.open', { left: left(rest) })}</span></p>
    }
    case 'late':
      return <p class="window window-warn" role="status"><Icon name="clock" size={14} /> <span>{ways.late_until ? t('window.late', { left: left(Date.parse(ways.late_until) - now.value) }) : t('window.late_open')}</span></p>
    case 'template':
      return (
        <p class="window window-bad" role="status">
          <Icon name="lock" size={14} /> <span>{t('window.template', { network: network.title })}</span>
          <Button small icon="template" onClick={() => void (overlay.value = { kind: 'template', conversation: desk.id })}>{t('template.choose')}</Button>
        </p>
      )
    case 'closed':
      return <p class="window window-bad" role="status"><Icon name="lock" size={14} /> <span>{t('window.closed', { network: network.title })}</span><Move /></p>
  }
}

function Move() {
  return <Button small icon="move" onClick={() => run('move')}>{t('command.move')}</Button>
}

function lengthText({ length, max, unit }: LengthNow): string {
  switch (unit) {
    case 'sms':
      return t('length.sms', { length, max })
    case 'bytes':
      return t('length.bytes', { length, max })
    default:
      return t('length.characters', { length, max })
  }
}

/** Counted as the network counts. Read out only when something changes for the writer. */
export function LengthCounter({ desk, reach }: { desk: Desk; reach: Reach }) {
  const count = reach.length.value
  if (!count || desk.kind.value === 'note') return null
  const verdict = !count.over || count.parts === null ? '' : count.parts ? t('length.parts', { count: count.parts }) : count.maySplit ? t('length.uncut') : t('length.over', { count: count.over })
  return (
    <span class={count.parts === 0 ? 'length length-bad' : count.over ? 'length length-warn' : 'length'}>
      <span title={lengthText(count)}><span aria-hidden="true" dir="ltr">{number(count.length)} / {number(count.max)}</span><span class="sr-only">{lengthText(count)}</span></span>
      <span role="status">{verdict}</span>
    </span>
  )
}
