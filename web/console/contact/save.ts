// Changes to a contact: shown at once, sent, taken back when the server refuses.
import { patch } from '../lib/api'
import { inTurn } from '../lib/in_turn'
import { t } from '../lib/i18n'
import type { Contact } from '../lib/types'
import { changedContacts, contacts, putContact } from '../state/store'
import { complain, toast } from '../state/toasts'
import { pushUndo } from '../state/undo'

export async function saveContact(contact: Contact, change: Partial<Contact>): Promise<void> {
  const old = contacts.peek(contact.id) ?? contact
  contacts.set(changedContacts.begin(old, change))
  try {
    putContact(await inTurn('contact ' + contact.id, () => patch<Contact>('/contacts/' + contact.id, change)))
  } finally {
    const now = changedContacts.end(contact.id, change)
    if (now) contacts.set(now)
  }
}

/** Blocking is taken back like everything else: with undo, not with a question before. */
export async function setBlocked(contact: Contact, isBlocked: boolean): Promise<void> {
  try {
    await saveContact(contact, { is_blocked: isBlocked })
    toast(isBlocked ? t('contact.block_done') : t('contact.unblock_done'), { undoId: pushUndo(() => saveContact(contact, { is_blocked: !isBlocked }).catch(complain)) })
  } catch (error) {
    complain(error)
  }
}
