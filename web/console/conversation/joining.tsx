// What a conversation may belong to: why, who says so, and the two decisions; and in the one it was joined to, the way back.
import { useSignal } from '@preact/signals'
import { BASE, inboxPath } from '../lib/router'
import { t } from '../lib/i18n'
import type { Conversation, Message } from '../lib/types'
import type { RelatedConversation } from '../../shared/api/types'
import { joinConversation, separateConversation, unrelateConversation } from '../state/joining'
import { can, messages, timelineOf, waysOf } from '../state/store'
import { Icon } from '../ui/icon'
import { Button, Words } from '../ui/parts'

const DAY_MS = 86_400_000
/** As long as the server takes it back. */
const BACK_DAYS = 30

function why(related: RelatedConversation): string {
  switch (related.why) {
    case 'answer':
      return t('joining.why_answer')
    case 'address':
      return t('joining.why_address')
    case 'number':
      return t('joining.why_number', { number: '#' + related.number })
    case 'subject':
      return t('joining.why_subject')
  }
}

/** What holds it back; nothing does where only the subject is another. */
function doubt(related: RelatedConversation): string | null {
  if (!related.is_proven) return t('joining.unproven', { sender: related.sender })
  return related.takes_part ? null : t('joining.stranger', { sender: related.sender })
}

export function RelatedAbove({ conversation }: { conversation: Conversation }) {
  const related = waysOf(conversation.id).value.related
  const isBusy = useSignal(false)
  if (!conversation.related_id || conversation.joined_id || !related) return null
  const decide = (work: Promise<void>): void => {
    isBusy.value = true
    void work.finally(() => (isBusy.value = false))
  }
  const doubts = doubt(related)
  return (
    <section class="related" aria-label={t('joining.title', { number: '#' + related.number })}>
      <div class="related-words">
        <p class="related-title">
          <Icon name="link" size={14} /> {t('joining.title', { number: '#' + related.number })}{' '}
          <a href={BASE + inboxPath('all', related.id)}><Words text={related.subject || related.contact_name || '#' + related.number} /></a>
        </p>
        <p>{why(related)}{doubts ? ' ' + doubts : ''}</p>
      </div>
      {can('conversation.reply') ? (
        <div class="related-actions">
          <Button small tone="primary" disabled={isBusy.value} onClick={() => decide(joinConversation(conversation.id))}>{t('joining.join')}</Button>
          <Button small disabled={isBusy.value} onClick={() => decide(unrelateConversation(conversation.id))}>{t('joining.dismiss')}</Button>
        </div>
      ) : null}
    </section>
  )
}

/** Whether nothing has been said of it since, and there is still time. */
function isJoinedStill(message: Message): boolean {
  if (Date.parse(message.sent_at) < Date.now() - BACK_DAYS * DAY_MS) return false
  const ids = timelineOf(message.conversation_id).ids.value
  const later = ids.slice(ids.indexOf(message.id) + 1)
  return !later.some((id) => {
    const activity = messages.get(id)?.activity
    return activity && activity.from === message.activity?.from && (activity.type === 'separated' || activity.type === 'joined')
  })
}

export function SeparateButton({ message }: { message: Message }) {
  const isBusy = useSignal(false)
  const from = message.activity?.from
  if (message.activity?.type !== 'joined' || !from || !can('conversation.reply') || !isJoinedStill(message)) return null
  const separate = (): void => {
    isBusy.value = true
    void separateConversation(from).finally(() => (isBusy.value = false))
  }
  return <button type="button" class="link-button" disabled={isBusy.value} onClick={separate}>{t('joining.separate')}</button>
}
