// One thing that was found: where it stands, who wrote it, and the words that fit, marked.
import type { SearchItem } from '../../shared/api/types'
import { dateTime } from '../lib/format'
import { BASE, inboxPath } from '../lib/router'
import { Icon, type IconName } from '../ui/icon'
import { Facts, Words } from '../ui/parts'
import { st } from './words'

function Pieces({ of }: { of: SearchItem['pieces'] }) {
  return <bdi dir="auto" class="search-pieces">{of.map((piece, i) => (piece.is_match ? <mark key={i}>{piece.text}</mark> : piece.text))}</bdi>
}

/** Which part of a thing fits; nothing where that goes without saying. */
function fieldWords(field: SearchItem['field']): string | null {
  switch (field) {
    case 'text':
    case 'name':
      return null
    case 'subject':
      return st('field.subject')
    case 'attachment':
      return st('field.attachment')
    case 'note':
      return st('field.note')
    case 'handle':
      return st('field.handle')
    case 'address':
      return st('field.address')
    case 'phone':
      return st('field.phone')
  }
}

interface Place { to: string; icon: IconName; title: string; facts: (string | null | undefined | false)[] }

function placeOf(item: SearchItem): Place | null {
  const { message, conversation, contact, tag } = item
  if (message && conversation) {
    const title = conversation.subject || conversation.contact.name || '#' + conversation.number
    return {
      to: inboxPath('all', conversation.id) + '?message=' + message.id,
      icon: message.kind === 'note' ? 'note' : message.kind === 'out' ? 'reply' : 'chat',
      title,
      facts: [message.author !== title && message.author, conversation.channel.name, dateTime(message.sent_at)],
    }
  }
  if (contact) return { to: '/contacts/' + contact.id, icon: 'contacts', title: contact.name || contact.handle, facts: [contact.name ? contact.handle : ''] }
  if (tag) return { to: '/search?q=' + encodeURIComponent(`tag:"${tag.name}"`), icon: 'tag', title: tag.name, facts: [] }
  return null
}

export function Hit({ item }: { item: SearchItem }) {
  const place = placeOf(item)
  if (!place) return null
  const field = fieldWords(item.field)
  return (
    <li class="search-hit">
      <a href={BASE + place.to}>
        <Icon name={place.icon} size={18} />
        <span class="search-hit-body">
          <span class="search-hit-head"><Words text={place.title} class="search-hit-title" /> <small><Facts of={place.facts} /></small></span>
          <span class="search-hit-text">{field ? <span class="search-field">{field}</span> : null}<Pieces of={item.pieces} /></span>
        </span>
      </a>
    </li>
  )
}
