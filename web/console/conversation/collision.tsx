// Colleagues who write here now, and answers that came while this one was written.
import { useComputed } from '@preact/signals'
import { Icon } from '../ui/icon'
import { t } from '../lib/i18n'
import type { Id } from '../lib/types'
import { changeDraft, draftOf } from '../state/drafts'
import { lastServerId, staleReplies } from '../state/reducers'
import { agentOf, messages, myId, presenceOf, timelineOf } from '../state/store'

export function Collision({ conversation: id }: { conversation: Id }) {
  const begunAfter = useComputed(() => {
    const draft = draftOf(id).value
    return draft.reply.trim() ? draft.begunAfter : null
  }).value
  const typists = presenceOf(id).value.agents.filter((one) => one.is_typing || one.state === 'typing').flatMap((one) => agentOf(one.agent_id)?.name ?? [])
  const stale = begunAfter === null ? [] : staleReplies(timelineOf(id).ids.value.flatMap((one) => messages.get(one) ?? []), begunAfter, myId.value)
  if (stale.length) {
    return (
      <div class="composer-warning" role="alert">
        <Icon name="alert" size={16} /> {t('composer.stale', { name: stale[stale.length - 1]?.author.name ?? '', count: stale.length })}
        <button type="button" class="link-button" onClick={() => changeDraft(id, { begunAfter: lastServerId(timelineOf(id).ids.peek()) })}>{t('composer.stale_seen')}</button>
      </div>
    )
  }
  return typists.length ? <div class="composer-hint" role="status">{t('composer.typing', { names: typists.join(', '), count: typists.length })}</div> : null
}
