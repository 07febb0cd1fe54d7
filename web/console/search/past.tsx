// A place far back in a conversation: the page around a message stands in place of the newest ones. It grows both ways as one scrolls; where it meets
// the newest ones they are one again. What a reply claims to have seen is not changed by it: the timeline's own list stays the newest.
import { batch, signal } from '@preact/signals'
import { useEffect, useRef } from 'preact/hooks'
import { ApiError, get } from '../lib/api'
import { t } from '../lib/i18n'
import { compareIds, isLocal } from '../lib/ids'
import type { Id, Message, Page } from '../lib/types'
import { tick } from '../state/order'
import { mergeIds } from '../state/reducers'
import { messages, timelineOf, type Past, type Timeline } from '../state/store'
import { errorText } from '../state/toasts'
import { openConversation, PAGE, putMessages } from '../state/timeline'
import { Icon } from '../ui/icon'
import { Button } from '../ui/parts'
import { st } from './words'

const NEAR_EDGE = 400
const NOT_FOUND = 404

const ask = (conversation: Id, where: { around: Id } | { after: Id } | { cursor: string }): Promise<Page<Message>> =>
  get<Page<Message>>(`/conversations/${conversation}/messages`, { limit: PAGE, ...where })

/** Whether these reach the newest ones on hand: then nothing is missing between. */
function meets(timeline: Timeline, ids: readonly Id[]): boolean {
  const oldest = timeline.ids.peek().find((id) => !isLocal(id))
  const last = ids[ids.length - 1]
  return oldest === undefined || (last !== undefined && compareIds(last, oldest) >= 0)
}

function join(timeline: Timeline, ids: readonly Id[], older: string | null): void {
  batch(() => {
    timeline.ids.value = mergeIds(timeline.ids.peek(), ids)
    timeline.older.value = older
    timeline.past.value = null
    timeline.pageError.value = null
  })
}

/** The way to the newest, with what has come there since. Whoever writes is led there too. */
function Foot({ timeline, leave }: { timeline: Timeline; leave: () => void }) {
  const ids = timeline.ids.value
  const began = useRef(ids)
  const mine = ids.filter(isLocal).length
  const written = useRef(mine)
  useEffect(() => {
    if (mine > written.current) leave()
    written.current = mine
  }, [mine])
  const last = began.current[began.current.length - 1]
  const count = last ? ids.filter((id) => !isLocal(id) && compareIds(id, last) > 0).length : 0
  return (
    <Button
      class="timeline-jump"
      small
      onClick={() => {
        leave()
        document.querySelector<HTMLElement>('.timeline')?.focus()
      }}
    >
      <Icon name="down" size={14} /> {count ? t('timeline.new_below', { count }) : st('newest')}
    </Button>
  )
}

function make(conversation: Id, timeline: Timeline, page: Page<Message>, asked: number): Past {
  const ids = signal(putMessages(page.items, asked))
  const older = signal(page.next)
  const missing = signal<'before' | 'after' | null>(null)
  let isAsking = false
  let last: { after: Id } | { cursor: string } | null = null
  const isHere = (): boolean => timeline.past.peek() === past
  const grow = async (where: { after: Id } | { cursor: string }): Promise<void> => {
    if (isAsking) return
    isAsking = true
    last = where
    timeline.pageError.value = null
    const since = tick()
    try {
      const more = await ask(conversation, where)
      if (!isHere()) return
      const all = mergeIds(ids.peek(), putMessages(more.items, since))
      if ('cursor' in where) batch(() => {
        ids.value = all
        older.value = more.next
      })
      else if (!more.next || meets(timeline, all)) join(timeline, all, older.peek())
      else ids.value = all
    } catch (error) {
      if (!isHere()) return
      missing.value = 'cursor' in where ? 'before' : 'after'
      timeline.pageError.value = errorText(error)
    } finally {
      isAsking = false
    }
  }
  const leave = (): void => {
    if (!isHere()) return
    timeline.past.value = null
    timeline.pageError.value = null
    const kept = new Set(timeline.ids.peek())
    for (const id of ids.peek()) if (!kept.has(id)) messages.remove(id)
  }
  const past: Past = {
    ids,
    older,
    missing,
    again: () => void (last && grow(last)),
    leave,
    onScroll: (element) => {
      const last = ids.peek()[ids.peek().length - 1]
      if (element.scrollTop < NEAR_EDGE && older.peek()) void grow({ cursor: older.peek() as string })
      else if (last && element.scrollHeight - element.scrollTop - element.clientHeight < NEAR_EDGE) void grow({ after: last })
    },
    Foot: () => <Foot timeline={timeline} leave={leave} />,
  }
  return past
}

/** Brings a message into the timeline, or the place around it in front of it. False: it is not in this conversation. */
export async function openAt(conversation: Id, message: Id): Promise<boolean> {
  await openConversation(conversation)
  const timeline = timelineOf(conversation)
  if ((timeline.past.peek()?.ids ?? timeline.ids).peek().includes(message)) return true
  const asked = tick()
  try {
    const page = await ask(conversation, { around: message })
    timeline.past.peek()?.leave()
    if (meets(timeline, page.items.map((one) => one.id))) join(timeline, putMessages(page.items, asked), page.next)
    else timeline.past.value = make(conversation, timeline, page, asked)
    return true
  } catch (error) {
    if (error instanceof ApiError && error.status === NOT_FOUND) return false
    throw error
  }
}
