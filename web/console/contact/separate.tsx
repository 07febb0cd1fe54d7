// A mail address that stands with a contact because it has proved to be theirs, and is somebody else's after all: it gets a contact of its own.
import { useSignal } from '@preact/signals'
import { post } from '../lib/api'
import { t } from '../lib/i18n'
import type { Contact, Id } from '../lib/types'
import { putContact } from '../state/store'
import { complain, toast } from '../state/toasts'

async function separate(contact: Id, identity: Id): Promise<void> {
  putContact(await post<Contact>(`/contacts/${contact}/separate`, { identity_id: identity }))
  toast(t('contact.separate_done'))
}

export function Separate({ contact, identity, name }: { contact: Id; identity: Id; name: string }) {
  const isAsked = useSignal(false)
  const isBusy = useSignal(false)
  const decide = (): void => {
    isBusy.value = true
    void separate(contact, identity).catch(complain).finally(() => {
      isBusy.value = isAsked.value = false
    })
  }
  const link = (words: string, act: () => void) => <button type="button" class="link-button" disabled={isBusy.value} onClick={act}>{words}</button>
  return (
    <p class="field-hint" role={isAsked.value ? 'alert' : undefined}>
      {isAsked.value ? <span>{t('contact.separate_sure', { address: name })} </span> : null}
      {isAsked.value ? <>{link(t('contact.separate_do'), decide)} {link(t('common.cancel'), () => void (isAsked.value = false))}</> : link(t('contact.separate'), () => void (isAsked.value = true))}
    </p>
  )
}
