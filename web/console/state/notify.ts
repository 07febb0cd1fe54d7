// Telling an agent who looks elsewhere: the page's title, and the system's notifications where the agent allowed them.
import { effect, signal } from '@preact/signals'
import { go, inboxPath, route } from '../lib/router'
import { t } from '../lib/i18n'
import type { Conversation, Message, Notification as Notice } from '../lib/types'
import { counts, myId, mySettings, unreadNotifications } from './store'

export const permission = signal<NotificationPermission | 'unsupported'>('Notification' in globalThis ? Notification.permission : 'unsupported')

export async function askPermission(): Promise<boolean> {
  if (permission.peek() === 'unsupported') return false
  permission.value = await Notification.requestPermission()
  return permission.peek() === 'granted'
}

function show(title: string, body: string, tag: string, conversation: string): void {
  const one = new Notification(title, { body, tag, icon: '/app/icon.svg' })
  one.onclick = () => {
    focus()
    go(inboxPath('mine', conversation))
    one.close()
  }
}

/** A message to me or about me, told by the system unless I am looking at it. */
export function announce(what: Message | Notice, conversation: Conversation | null): void {
  if (permission.peek() !== 'granted' || mySettings.peek().notify_desktop !== true) return
  const current = route.peek()
  const open = current.page === 'inbox' ? current.conversation : null
  const id = 'conversation_id' in what ? what.conversation_id : ''
  if (document.visibilityState === 'visible' && document.hasFocus() && open === id) return
  if (conversation) {
    if (conversation.assignee_id !== myId.peek()) return
    const message = what as Message
    show(conversation.contact.name || t('contact.unknown'), message.text.slice(0, 200), 'message-' + message.id, id)
  } else {
    const notice = what as Notice
    if (notice.type === 'reply') return
    const title = notice.type === 'mention' ? t('notice.mention', { name: notice.actor?.name ?? '' }) : notice.type === 'held_back' ? t('notice.held_back', { name: notice.actor?.name ?? '' }) : t('notice.assigned', { name: notice.actor?.name ?? '' })
    show(title, (notice.preview ?? '').slice(0, 200), 'notice-' + notice.id, id)
  }
}

/** "(3) Seva": mine unread and notifications, so that a background tab tells. */
export function startTitle(): void {
  effect(() => {
    const unread = (counts.value['mine']?.unread ?? 0) + unreadNotifications.value
    document.title = unread ? `(${unread > 99 ? '99+' : unread}) Seva` : 'Seva'
  })
}
