// What stands around a message's words: what it answers, who sees it, that it was corrected or taken back, and reactions.
import { Icon } from '../ui/icon'
import { Words } from '../ui/parts'
import { dateTime } from '../lib/format'
import { t } from '../lib/i18n'
import type { Id, Message } from '../lib/types'
import { contactName } from '../inbox/row'
import { messages, writerName } from '../state/store'

export const authorName = (message: Message): string => (message.author.kind === 'contact' ? contactName({ name: writerName(message) }) : (message.author.name ?? t('author.system')))

export const placeOf = (id: Id): string => 'message-' + id

/** The message that this one answers; a press leads to it. */
export function Quote({ id }: { id: Id }) {
  const quoted = messages.get(id)
  if (!quoted) return <p class="quote quote-away"><Icon name="reply" size={13} /> {t('message.quotes_earlier')}</p>
  const show = (): void => {
    const element = document.getElementById(placeOf(id))
    element?.scrollIntoView({ block: 'center' })
    element?.focus()
  }
  return (
    <button type="button" class="quote" onClick={show} title={t('message.quotes', { name: authorName(quoted) })}>
      <Words text={authorName(quoted)} class="quote-name" />
      <Words text={quoted.text || (quoted.attachments[0]?.name ?? '…')} class="quote-text" />
    </button>
  )
}

export function VisibilityMark({ visibility }: { visibility: Message['visibility'] }) {
  return visibility === 'public' ? (
    <span class="visibility visibility-public"><Icon name="eye" size={12} /> {t('message.public')}</span>
  ) : (
    <span class="visibility"><Icon name="lock" size={12} /> {t('message.private')}</span>
  )
}

/** A program wrote it, or Seva by itself. */
export function AutomaticMark() {
  return <span class="visibility message-automatic" title={t('message.automatic_hint')}><Icon name="bolt" size={12} /> {t('message.automatic')}</span>
}

/** In a website chat: it has gone out, or come, as a mail. */
export function ByMail() {
  return <span class="message-edited">{t('message.by_mail')}</span>
}

export function Edited({ at }: { at: string }) {
  return <span class="message-edited" title={dateTime(at)}>{t('message.edited')}</span>
}

/** Taken back on the network: the words stay readable for who looks twice. */
export function deletedBy(message: Message): string {
  return message.kind === 'in' ? t('message.deleted_by_customer') : t('message.deleted_by_us')
}

export function Reactions({ message }: { message: Message }) {
  const kinds = new Map<string, string[]>()
  for (const one of message.reactions) kinds.set(one.emoji, [...(kinds.get(one.emoji) ?? []), one.by === 'us' ? t('reaction.us') : one.name || authorName(message)])
  if (!kinds.size) return null
  return (
    <ul class="reactions" aria-label={t('reaction.label')}>
      {[...kinds].map(([emoji, names]) => (
        <li key={emoji} title={names.join(', ')}>
          <span aria-hidden="true">{emoji}</span>
          {names.length > 1 ? <span aria-hidden="true">{names.length}</span> : null}
          <span class="sr-only">{t('reaction.by', { reaction: emoji, names: names.join(', ') })}</span>
        </li>
      ))}
    </ul>
  )
}
