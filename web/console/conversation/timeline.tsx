// The messages of a conversation, newest last: a live log that stays at the end while one reads there and never jumps while one reads above.
import { useEffect, useLayoutEffect, useRef, useState } from 'preact/hooks'
import { Icon } from '../ui/icon'
import { Button, Problem, Spinner } from '../ui/parts'
import { dayKey, longDate, relativeDay } from '../lib/format'
import { t } from '../lib/i18n'
import { isLocal } from '../lib/ids'
import { inboxPath, BASE } from '../lib/router'
import type { Conversation, Id, Message } from '../lib/types'
import { contactName } from '../inbox/row'
import { markRead } from '../state/changes'
import { lastServerId } from '../state/reducers'
import { conversations, messages, myId, presenceOf, timelineOf } from '../state/store'
import { STAY_MS } from '../state/shown'
import { loadOlder, openConversation } from '../state/timeline'
import { ActivityLine, MessageView } from './message'

const NEAR_END = 80
const GROUP_MS = 5 * 60_000

function dayTitle(time: string): string {
  const days = Math.round((new Date(time).setHours(0, 0, 0, 0) - new Date().setHours(0, 0, 0, 0)) / 86_400_000)
  return days > -2 && days <= 0 ? relativeDay(days) : longDate(time)
}

/** Messages of one author within minutes stand together, with one name over them. */
function continues(before: Message | undefined, next: Message): boolean {
  return (
    before !== undefined && before.kind === next.kind && before.author.id === next.author.id && next.kind !== 'activity' &&
    dayKey(before.sent_at) === dayKey(next.sent_at) && Date.parse(next.sent_at) - Date.parse(before.sent_at) < GROUP_MS
  )
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

export function Timeline({ conversation }: { conversation: Conversation }) {
  const timeline = timelineOf(conversation.id)
  const ids = timeline.ids.value
  const presence = presenceOf(conversation.id).value
  const scroller = useRef<HTMLDivElement>(null)
  const isStuck = useRef(true)
  const heightBefore = useRef(0)
  const firstBefore = useRef<Id | null>(null)
  const [unseenCount, setUnseenCount] = useState(0)
  const [isAtEnd, setAtEnd] = useState(true)
  const countBefore = useRef(ids.length)
  const newest = lastServerId(ids)
  const [unreadFrom] = useState(() => conversation.unread_count)

  useReading(conversation, newest, isAtEnd)

  useLayoutEffect(() => {
    const element = scroller.current
    if (!element) return
    const last = ids[ids.length - 1]
    const lastMessage = last ? messages.peek(last) : undefined
    const isMine = lastMessage !== undefined && isLocal(lastMessage.id)
    // Read once: each further reading after a write would lay the page out again.
    const height = element.scrollHeight
    if (isStuck.current || isMine) element.scrollTop = height
    else if (firstBefore.current !== null && ids[0] !== firstBefore.current) element.scrollTop += height - heightBefore.current
    else if (ids.length > countBefore.current) setUnseenCount((count) => count + ids.length - countBefore.current)
    heightBefore.current = height
    firstBefore.current = ids[0] ?? null
    countBefore.current = ids.length
  }, [ids, presence.isContactTyping])

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
    const atEnd = element.scrollHeight - element.scrollTop - element.clientHeight < NEAR_END
    isStuck.current = atEnd
    setAtEnd(atEnd)
    if (atEnd) setUnseenCount(0)
    if (element.scrollTop < 400) void loadOlder(conversation.id)
  }

  const shown = ids.map((id) => messages.get(id)).filter((one): one is Message => one !== undefined)
  const firstUnread = unreadFrom > 0 ? shown.filter((one) => one.kind === 'in').slice(-unreadFrom)[0]?.id : undefined
  return (
    <div class="timeline-place">
      <div class="timeline" ref={scroller} onScroll={onScroll} tabIndex={0} role="region" aria-label={t('timeline.label', { name: contactName(conversation.contact.name) })}>
        <div class="timeline-inner">
          {timeline.isLoading.value && ids.length ? <div class="timeline-older"><Spinner /></div> : null}
          {timeline.error.value ? <Problem text={timeline.error.value} onRetry={() => void openConversation(conversation.id)} /> : null}
          {timeline.isLoaded.value && !timeline.older.value && conversation.previous_id ? (
            <p class="timeline-previous"><a href={BASE + inboxPath('all', conversation.previous_id)}>{t('timeline.previous')}</a></p>
          ) : null}
          {!timeline.isLoaded.value && !ids.length && !timeline.error.value ? <div class="timeline-older"><Spinner /></div> : null}
          <div role="log" aria-live="polite" aria-relevant="additions" aria-label={t('timeline.log')}>
            {shown.map((message, at) => {
              const before = shown[at - 1]
              const isNewDay = !before || dayKey(before.sent_at) !== dayKey(message.sent_at)
              return (
                <div key={message.client_id ?? message.id} class="timeline-item">
                  {isNewDay ? <div class="timeline-day"><span>{dayTitle(message.sent_at)}</span></div> : null}
                  {message.id === firstUnread ? <div class="timeline-unread"><span>{t('timeline.new')}</span></div> : null}
                  {message.kind === 'activity' ? <ActivityLine message={message} /> : <MessageView message={message} isContinued={!isNewDay && continues(before, message)} isMine={message.author.id === myId.value} isPublic={conversation.is_public} />}
                </div>
              )
            })}
          </div>
          <div class="timeline-typing" aria-live="polite">
            {presence.isContactTyping ? (
              <>
                <span class="dots" aria-hidden="true"><i /><i /><i /></span> {t('timeline.contact_typing_name', { name: contactName(conversation.contact.name) })}
              </>
            ) : null}
          </div>
        </div>
      </div>
      {unseenCount > 0 && !isAtEnd ? (
        <Button
          class="timeline-jump"
          small
          onClick={() => {
            const element = scroller.current
            if (element) element.scrollTo({ top: element.scrollHeight })
          }}
        >
          <Icon name="down" size={14} /> {t('timeline.new_below', { count: unseenCount })}
        </Button>
      ) : null}
    </div>
  )
}
