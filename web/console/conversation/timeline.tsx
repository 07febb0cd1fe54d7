// The messages of a conversation, newest last: a live log that stays at the end while one reads there and never jumps while one reads above.
import { useComputed } from '@preact/signals'
import type { RefObject } from 'preact'
import { useEffect, useLayoutEffect, useMemo, useRef, useState } from 'preact/hooks'
import { Icon } from '../ui/icon'
import { Lazy, lazyPart } from '../ui/lazy'
import { Button, Problem, Spinner } from '../ui/parts'
import { afterPaint } from '../lib/after_paint'
import { dayKey, longDate, relativeDay } from '../lib/format'
import { t } from '../lib/i18n'
import { isLocal } from '../lib/ids'
import { inboxPath, BASE, search } from '../lib/router'
import type { Conversation, Id, Message } from '../lib/types'
import { contactName } from '../inbox/row'
import { calls, isRunning } from '../state/calls'
import { markRead } from '../state/changes'
import { lastServerId } from '../state/reducers'
import { conversations, messages, myId, presenceOf, timelineOf, type Past } from '../state/store'
import { STAY_MS } from '../state/shown'
import { loadOlder, openConversation } from '../state/timeline'
import { ActivityLine, MessageView } from './message'
import { albumOf } from './parts'

const loadLive = () => Promise.all([import('../calls/live_call'), import('../lib/network_words').then((words) => words.networkWords())]).then(([module]) => module.LiveCall)

const Reach = lazyPart(() => import('../search/reach').then((module) => module.Reach))

const NEAR_END = 80
const GROUP_MS = 5 * 60_000

function dayTitle(time: string): string {
  const days = Math.round((new Date(time).setHours(0, 0, 0, 0) - new Date().setHours(0, 0, 0, 0)) / 86_400_000)
  return days > -2 && days <= 0 ? relativeDay(days) : longDate(time)
}

/** Messages of one author within minutes stand together, with one name over them. */
function continues(before: Message | undefined, next: Message): boolean {
  return (
    before !== undefined && before.kind === next.kind && before.author.id === next.author.id && next.kind !== 'activity' && before.visibility === next.visibility &&
    dayKey(before.sent_at) === dayKey(next.sent_at) && Date.parse(next.sent_at) - Date.parse(before.sent_at) < GROUP_MS
  )
}

/** Of one album: they stand as one. */
function joins(before: Message | undefined, next: Message): boolean {
  const album = albumOf(next.parts)
  return album !== null && before !== undefined && before.kind === next.kind && before.author.id === next.author.id && albumOf(before.parts) === album
}

/** Marks as read once it is really in front of somebody. */
function useReading(conversation: Conversation, newest: Id | null, isAtEnd: boolean): void {
  const unread = conversation.unread_count
  const lastSent = useRef<Id | null>(null)
  useEffect(() => {
    const tell = (): void => {
      if (!newest || !isAtEnd || document.visibilityState !== 'visible' || !document.hasFocus()) return
      if (lastSent.current === newest && conversations.peek(conversation.id)?.unread_count === 0) return
      lastSent.current = newest
      void markRead(conversation.id, newest)
    }
    const timer = setTimeout(tell, STAY_MS)
    addEventListener('focus', tell)
    document.addEventListener('visibilitychange', tell)
    return () => {
      clearTimeout(timer)
      removeEventListener('focus', tell)
      document.removeEventListener('visibilitychange', tell)
    }
  }, [conversation.id, newest, isAtEnd, unread])
}

interface Place { scroller: RefObject<HTMLDivElement>; isAtEnd: boolean; unseen: number; onScroll: () => void; toEnd: () => void }

/** Where one reads: at the end it follows what comes, above it stays while things come below or older ones above. */
function usePlace(conversation: Id, ids: readonly Id[], past: Past | null, isTyping: boolean): Place {
  const scroller = useRef<HTMLDivElement>(null)
  const isStuck = useRef(true)
  const before = useRef({ height: 0, first: null as Id | null, count: ids.length, past })
  const [unseen, setUnseen] = useState(0)
  const [isAtEnd, setAtEnd] = useState(true)
  useLayoutEffect(() => {
    const element = scroller.current
    if (!element) return
    const last = ids[ids.length - 1]
    const isMine = last !== undefined && isLocal(last)
    // Read once: each further reading after a write would lay the page out again.
    const height = element.scrollHeight
    const old = before.current
    if (past) isStuck.current = false
    else if (old.past && ids[0] !== old.first) isStuck.current = true
    if (isStuck.current || isMine) element.scrollTop = height
    else if (old.first !== null && ids[0] !== old.first) element.scrollTop += height - old.height
    else if (ids.length > old.count && !old.past) setUnseen((count) => count + ids.length - old.count)
    before.current = { height, first: ids[0] ?? null, count: ids.length, past }
  }, [ids, past, isTyping])
  useEffect(() => {
    const element = scroller.current
    if (!element) return
    const observer = new ResizeObserver(() => {
      if (isStuck.current) element.scrollTop = element.scrollHeight
    })
    observer.observe(element)
    if (element.firstElementChild) observer.observe(element.firstElementChild)
    return () => observer.disconnect()
  }, [])
  const onScroll = (): void => {
    const element = scroller.current
    if (!element) return
    if (past) return past.onScroll(element)
    const atEnd = element.scrollHeight - element.scrollTop - element.clientHeight < NEAR_END
    isStuck.current = atEnd
    setAtEnd(atEnd)
    if (atEnd) setUnseen(0)
    if (element.scrollTop < 400) void loadOlder(conversation)
  }
  const toEnd = (): void => scroller.current?.scrollTo({ top: scroller.current.scrollHeight })
  return { scroller, isAtEnd, unseen, onScroll, toEnd }
}

/** What stands over the messages: that more is coming, why none came, the conversation before this one. */
function Above({ conversation }: { conversation: Conversation }) {
  const { ids, isLoading, isLoaded, older: ofNewest, past, error, pageError } = timelineOf(conversation.id)
  const older = past.value?.older ?? ofNewest
  const isEmpty = ids.value.length === 0
  return (
    <>
      {(isLoading.value && !isEmpty) || (!isLoaded.value && isEmpty && !error.value) ? <div class="timeline-older"><Spinner /></div> : null}
      {error.value ? <Problem text={error.value} onRetry={() => void openConversation(conversation.id)} /> : null}
      {pageError.value && past.value?.missing.value !== 'after' ? <Problem text={pageError.value} onRetry={past.value?.again ?? (() => void loadOlder(conversation.id))} /> : null}
      {isLoaded.value && !older.value && conversation.previous_id ? (
        <p class="timeline-previous"><a href={BASE + inboxPath('all', conversation.previous_id)}>{t('timeline.previous')}</a></p>
      ) : null}
    </>
  )
}

function Entry({ conversation, message, before, isFirstUnread, isMixed }: { conversation: Conversation; message: Message; before: Message | undefined; isFirstUnread: boolean; isMixed: boolean }) {
  const isNewDay = !before || dayKey(before.sent_at) !== dayKey(message.sent_at)
  return (
    <div class="timeline-item">
      {isNewDay ? <div class="timeline-day"><span>{dayTitle(message.sent_at)}</span></div> : null}
      {isFirstUnread ? <div class="timeline-unread"><span>{t('timeline.new')}</span></div> : null}
      {message.kind === 'activity' ? <ActivityLine message={message} /> : (
        <MessageView
          conversation={conversation}
          message={message}
          isContinued={!isNewDay && (continues(before, message) || joins(before, message))}
          isJoined={!isNewDay && joins(before, message)}
          isMine={message.author.id === myId.value}
          isMixed={isMixed}
          quoted={message.reply_to_id && message.reply_to_id !== before?.id ? message.reply_to_id : null}
        />
      )}
    </div>
  )
}

/** The least height of a message in pixels: as many of the newest as may fill the window are painted first, what stands above them after that. */
const LEAST_HEIGHT = 40

function useNewestFirst(ids: readonly Id[]): { shown: readonly Id[]; isWhole: boolean } {
  const [first] = useState(() => Math.ceil(innerHeight / LEAST_HEIGHT))
  const [isReady, setReady] = useState(false)
  const isWhole = isReady || ids.length <= first
  useEffect(() => (isWhole ? undefined : afterPaint(() => setReady(true))), [isWhole])
  return { shown: useMemo(() => (isWhole ? ids : ids.slice(-first)), [ids, isWhole]), isWhole }
}

function Log({ conversation, ids, isWhole }: { conversation: Conversation; ids: readonly Id[]; isWhole: boolean }) {
  const [unreadFrom] = useState(() => conversation.unread_count)
  const shown = ids.map((id) => messages.get(id)).filter((one): one is Message => one !== undefined)
  const spoken = new Set(shown.flatMap((one) => (one.kind === 'in' || one.kind === 'out' ? [one.visibility] : [])))
  const isMixed = spoken.size > 1 || (conversation.is_public && spoken.has('private'))
  // Found once all of it stands: what comes later does not move it.
  const found = useRef<Id | undefined>(undefined)
  const unread = found.current || unreadFrom === 0 || timelineOf(conversation.id).past.value ? [] : shown.filter((one) => one.kind === 'in').slice(-unreadFrom)
  if (isWhole && unread.length === unreadFrom) found.current ??= unread[0]?.id
  const firstUnread = found.current ?? unread[0]?.id
  return (
    <div role="log" aria-live="polite" aria-busy={!isWhole} aria-relevant="additions" aria-label={t('timeline.log')}>
      {shown.map((message, at) => <Entry key={message.client_id ?? message.id} conversation={conversation} message={message} before={shown[at - 1]} isFirstUnread={message.id === firstUnread} isMixed={isMixed} />)}
    </div>
  )
}

function ContactTyping({ conversation, isTyping }: { conversation: Conversation; isTyping: boolean }) {
  return (
    <div class="timeline-typing" aria-live="polite">
      {isTyping ? (
        <>
          <span class="dots" aria-hidden="true"><i /><i /><i /></span> {t('timeline.contact_typing_name', { name: contactName(conversation.contact) })}
        </>
      ) : null}
    </div>
  )
}

export function Timeline({ conversation }: { conversation: Conversation }) {
  const timeline = timelineOf(conversation.id)
  const past = timeline.past.value
  const ids = (past ?? timeline).ids.value
  const isTyping = useComputed(() => presenceOf(conversation.id).value.isContactTyping).value
  const hasLive = useComputed(() => calls.value.some((one) => one.conversation_id === conversation.id && isRunning(one))).value
  const { shown, isWhole } = useNewestFirst(ids)
  const place = usePlace(conversation.id, shown, past, isTyping)
  const wanted = new URLSearchParams(search.value).get('message')
  useReading(conversation, lastServerId(ids), place.isAtEnd && !past)
  useEffect(() => () => timeline.past.peek()?.leave(), [])
  return (
    <div class="timeline-place">
      <div class="timeline" ref={place.scroller} onScroll={place.onScroll} tabIndex={0} role="region" aria-label={t('timeline.label', { name: contactName(conversation.contact) })}>
        <div class="timeline-inner">
          <Above conversation={conversation} />
          <Log conversation={conversation} ids={shown} isWhole={isWhole} />
          {past?.missing.value === 'after' && timeline.pageError.value ? <Problem text={timeline.pageError.value} onRetry={past.again} /> : null}
          {wanted ? <Reach conversation={conversation.id} message={wanted} /> : null}
          {hasLive ? <Lazy load={loadLive} /> : null}
          <ContactTyping conversation={conversation} isTyping={isTyping} />
        </div>
      </div>
      {past ? <past.Foot /> : place.unseen > 0 && !place.isAtEnd ? (
        <Button class="timeline-jump" small onClick={place.toEnd}>
          <Icon name="down" size={14} /> {t('timeline.new_below', { count: place.unseen })}
        </Button>
      ) : null}
    </div>
  )
}
