// What can be done to one message where it stands: answer just this one, react, like, hide, correct, take back. What a network does not know is not offered.
import { useSignal } from '@preact/signals'
import { Menu } from '../ui/menu'
import { Button, Confirm, Dialog, Field, IconButton, type MenuItem } from '../ui/parts'
import { t } from '../lib/i18n'
import type { Conversation, Message } from '../lib/types'
import type { Network } from '../lib/network_types'
import { changeDraft } from '../state/drafts'
import { act, networkOf } from '../state/networks'
import { overlay, requestFocus } from '../state/overlays'
import { can } from '../state/store'
import { lazyPart } from '../ui/lazy'

const EmojiPanel = lazyPart(() => import('./emoji_panel').then((module) => module.EmojiPanel))

const ON_NETWORK: ReadonlySet<Message['state']> = new Set(['received', 'sent', 'delivered', 'read'])

function EditDialog({ message, onClose }: { message: Message; onClose: () => void }) {
  const text = useSignal(message.text)
  const isBusy = useSignal(false)
  const save = async (): Promise<void> => {
    isBusy.value = true
    if (await act(message, 'edit', { text: text.value.trim() })) onClose()
    isBusy.value = false
  }
  return (
    <Dialog label={t('act.edit')} onClose={onClose} class="dialog-small">
      <h2>{t('act.edit')}</h2>
      <form onSubmit={(event) => { event.preventDefault(); void save() }}>
        <Field label={t('act.edit_text')}>{(props) => <textarea {...props} rows={4} dir="auto" required value={text} onInput={(event) => void (text.value = event.currentTarget.value)} />}</Field>
        <div class="dialog-actions">
          <Button onClick={onClose}>{t('common.cancel')}</Button>
          <Button type="submit" tone="primary" disabled={isBusy.value || !text.value.trim() || text.value.trim() === message.text}>{t('common.save')}</Button>
        </div>
      </form>
    </Dialog>
  )
}

function itemsFor(message: Message, network: Network, ask: (what: 'edit' | 'delete') => void): MenuItem[] {
  const acts = message.visibility === 'public' ? network.acts_public : network.acts_private
  const isTheirs = message.kind === 'in'
  const mayAnswer = message.visibility === 'public' ? network.public_rules !== null || network.able.includes('private_reply') : network.able.includes('quote')
  const items: MenuItem[] = network.kind === 'email' ? [{ label: t('act.forward'), icon: 'external', run: () => void (overlay.value = { kind: 'forward', message: message.id }) }] : []
  if (isTheirs && mayAnswer) {
    items.push({
      label: t('act.answer'), icon: 'reply',
      run: () => {
        changeDraft(message.conversation_id, { kind: 'reply', replyTo: message.id })
        requestFocus('composer', message.conversation_id)
      },
    })
  }
  if (isTheirs && acts.includes('like')) items.push({ label: t('act.like'), icon: 'check', run: () => void act(message, 'like') })
  if (isTheirs && acts.includes('hide')) items.push({ label: t('act.hide'), icon: 'lock', run: () => void act(message, 'hide') })
  if (isTheirs && acts.includes('unhide')) items.push({ label: t('act.unhide'), icon: 'eye', run: () => void act(message, 'unhide') })
  if (!isTheirs && acts.includes('edit') && message.text) items.push({ label: t('act.edit'), icon: 'edit', run: () => ask('edit') })
  if (acts.includes('delete') && (!isTheirs || message.visibility === 'public')) items.push({ label: isTheirs ? t('act.delete_theirs') : t('act.delete'), icon: 'trash', tone: 'danger', run: () => ask('delete') })
  return items
}

function React({ message }: { message: Message }) {
  const isOpen = useSignal(false)
  const own = message.reactions.find((one) => one.by === 'us')
  const react = (reaction: string): void => {
    isOpen.value = false
    void act(message, 'react', { reaction })
  }
  return (
    <span class="composer-emoji message-react">
      <IconButton icon="smile" size={16} label={t('act.react')} aria-expanded={isOpen.value} onClick={() => void (isOpen.value = !isOpen.value)} />
      {own ? <IconButton icon="undo" size={16} label={t('act.unreact', { reaction: own.emoji })} onClick={() => react('')} /> : null}
      {isOpen.value ? <EmojiPanel onPick={react} onClose={() => void (isOpen.value = false)} /> : null}
    </span>
  )
}

export function MessageActs({ conversation, message }: { conversation: Conversation; message: Message }) {
  const asked = useSignal<'edit' | 'delete' | null>(null)
  const network = networkOf(conversation.channel.kind)
  if (!network || message.kind === 'note' || message.deleted_at || !ON_NETWORK.has(message.state) || !can('conversation.reply')) return null
  const items = itemsFor(message, network, (what) => void (asked.value = what))
  const acts = message.visibility === 'public' ? network.acts_public : network.acts_private
  const mayReact = message.kind === 'in' && acts.includes('react')
  const close = (): void => void (asked.value = null)
  return (
    <span class="message-acts">
      {mayReact ? <React message={message} /> : null}
      {items.length ? <Menu label={t('act.more')} icon="more" items={items} align={message.kind === 'in' ? 'end' : 'start'} /> : null}
      {asked.value === 'edit' ? <EditDialog message={message} onClose={close} /> : null}
      {asked.value === 'delete' ? <Confirm title={t('act.delete_title')} text={t('act.delete_text', { network: network.title })} action={t('act.delete')} onConfirm={() => void act(message, 'delete')} onClose={close} /> : null}
    </span>
  )
}
