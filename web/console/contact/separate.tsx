// A mail address that stands with a contact because it has proved to be theirs, and is somebody else's after all: it gets a contact of its own.
import type { FunctionComponent } from 'preact'
import { useSignal } from '@preact/signals'
import { post } from '../lib/api'
import { t } from '../lib/i18n'
import type { Contact, Id } from '../lib/types'
import { mailWords, mt } from '../mail/words'
import { putContact } from '../state/store'
import { complain, toast } from '../state/toasts'

async function separate(contact: Id, identity: Id): Promise<void> {
  putContact(await post<Contact>(`/contacts/${contact}/separate`, { identity_id: identity }))
  toast(mt('separate.done'))
}

interface SeparateProps { contact: Id; identity: Id; name: string }

function Separate({ contact, identity, name }: SeparateProps) {
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
      {isAsked.value ? <span>{mt('separate.sure', { address: name })} </span> : null}
      {isAsked.value ? <>{link(mt('separate.do'), decide)} {link(t('common.cancel'), () => void (isAsked.value = false))}</> : link(mt('separate.ask'), () => void (isAsked.value = true))}
    </p>
  )
}

/** With its words. */
export const separatePart = (): Promise<FunctionComponent<SeparateProps>> => mailWords().then(() => Separate)
