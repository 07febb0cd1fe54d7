// A reply that was stopped because somebody answered first: what was not seen, and three ways on.
import { Icon } from '../ui/icon'
import { Button } from '../ui/parts'
import { t } from '../lib/i18n'
import type { Id } from '../lib/types'
import { outboxItems, settleReview, unseen } from '../state/sending'
import { MessagePreview } from './message'

export function Review({ id }: { id: Id }) {
  const item = outboxItems.value.find((one) => one.conversation_id === id && one.state === 'review')
  if (!item) return null
  return (
    <section class="review" role="alertdialog" aria-label={t('review.title')}>
      <h2>
        <Icon name="alert" size={16} /> {t('review.title')}
      </h2>
      {(unseen.value[item.client_id] ?? []).slice(-3).map((message) => (
        <MessagePreview key={message.id} message={message} />
      ))}
      <p class="review-mine">
        <strong>{t('review.yours')}</strong> <span dir="auto">{item.text}</span>
      </p>
      <div class="review-actions">
        <Button small tone="primary" onClick={() => settleReview(item, 'edit')}>{t('review.edit')}</Button>
        <Button small onClick={() => settleReview(item, 'send')}>{t('review.send')}</Button>
        <Button small tone="quiet" onClick={() => settleReview(item, 'discard')}>{t('common.discard')}</Button>
      </div>
    </section>
  )
}
