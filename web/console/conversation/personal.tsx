// A second look at a public reply that holds what should stay between two people: what was found, and three ways on.
import { useLayoutEffect, useRef } from 'preact/hooks'
import { Icon } from '../ui/icon'
import { Button } from '../ui/parts'
import { t } from '../lib/i18n'
import type { Id } from '../lib/types'
import { outboxItems, settlePersonal } from '../state/sending'
import { waysOf } from '../state/store'
import { stretches } from './limits'

function findingName(kind: string): string {
  switch (kind) {
    case 'card':
      return t('personal.card')
    case 'phone':
      return t('personal.phone')
    case 'mail':
      return t('personal.mail')
    case 'order':
      return t('personal.order')
    default:
      return kind
  }
}

export function PersonalReview({ id }: { id: Id }) {
  const place = useRef<HTMLElement>(null)
  const item = outboxItems.value.find((one) => one.conversation_id === id && one.state === 'personal')
  const client = item?.client_id
  useLayoutEffect(() => {
    if (client) place.current?.focus()
  }, [client])
  if (!item) return null
  const findings = item.findings ?? []
  const kinds = [...new Set(findings.map((one) => one.kind))].map(findingName).join(', ')
  return (
    <section class="review" role="alertdialog" aria-labelledby="personal-title" aria-describedby="personal-text" tabIndex={-1} ref={place}>
      <h2 id="personal-title">
        <Icon name="eye" size={16} /> {t('personal.title')}
      </h2>
      <p id="personal-text">{kinds ? t('personal.found', { kinds }) : t('personal.found_some')}</p>
      <blockquote class="personal-text" dir="auto">
        {stretches(item.text, findings).map((one, at) => (one.isFound ? <mark key={at}>{one.text}</mark> : one.text))}
      </blockquote>
      <div class="review-actions">
        <Button small tone="primary" onClick={() => settlePersonal(item, 'edit')}>{t('review.edit')}</Button>
        {waysOf(id).value.reply?.private ? <Button small icon="lock" onClick={() => settlePersonal(item, 'private')}>{t('personal.private')}</Button> : null}
        <Button small tone="danger" onClick={() => settlePersonal(item, 'send')}>{t('personal.send')}</Button>
      </div>
    </section>
  )
}
