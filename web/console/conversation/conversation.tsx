// One conversation: its head, its timeline, what needs a decision before it goes out, and the composer.
import { useEffect } from 'preact/hooks'
import { Header } from './header'
import { Timeline } from './timeline'
import { Composer } from './composer'
import { PersonalReview } from './personal'
import { Review } from './review'
import { t } from '../lib/i18n'
import type { Id } from '../lib/types'
import { openConversation } from '../state/timeline'
import { enterConversation } from '../state/presence'
import { fetchDraft } from '../state/drafts'
import { followJoined } from '../state/joining'
import { restoreOutbox } from '../state/sending'
import { conversations, timelineOf, touchTimeline } from '../state/store'
import { STAY_MS } from '../state/shown'
import { Problem, Spinner } from '../ui/parts'
import { lazyPart } from '../ui/lazy'
import { waysOf } from '../state/store'

const PostAbove = lazyPart(() => import('./post').then((module) => module.PostAbove))
const RelatedAbove = lazyPart(() => import('./joining').then((module) => module.RelatedAbove))

/** Stays in the page from one conversation to the next: head and composer are mostly alike, and what is alike needs no painting. */
export function Conversation({ id }: { id: Id }) {
  useEffect(() => {
    const load = (): Promise<void> => openConversation(id).then(() => restoreOutbox(id))
    // What is on hand is kept current by the stream: asking again can wait until somebody stays.
    const isKnown = timelineOf(id).isLoaded.peek()
    if (!isKnown) void load()
    else touchTimeline(id)
    const timer = setTimeout(() => {
      if (isKnown) void load()
      void fetchDraft(id)
      enterConversation(id)
    }, STAY_MS)
    return () => {
      clearTimeout(timer)
      enterConversation(null)
    }
  }, [id])
  const conversation = conversations.get(id)
  const timeline = timelineOf(id)
  const joined = conversation?.joined_id
  useEffect(() => {
    if (conversation && joined) followJoined(conversation)
  }, [id, joined])
  if (!conversation) {
    return timeline.error.value ? <Problem text={timeline.error.value} onRetry={() => void openConversation(id)} /> : <div class="conversation-wait"><Spinner label={t('common.loading')} /></div>
  }
  return (
    <div class="conversation">
      <Header conversation={conversation} />
      {waysOf(id).value.post ? <PostAbove key={'p' + id} conversation={conversation} /> : null}
      {conversation.related_id ? <RelatedAbove key={'r' + id} conversation={conversation} /> : null}
      <Timeline key={id} conversation={conversation} />
      <Review id={id} />
      <PersonalReview id={id} />
      <Composer conversation={conversation} />
    </div>
  )
}
