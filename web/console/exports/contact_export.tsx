// With a contact: what is held of this person goes into one file, for somebody who asks for their data.
import '../style/settings.css'
import type { FunctionComponent } from 'preact'
import { useSignal } from '@preact/signals'
import { Button } from '../ui/parts'
import { ApiError, get } from '../lib/api'
import { BASE } from '../lib/router'
import type { Export, Id, Page } from '../lib/types'
import { complain } from '../state/toasts'
import { ExportRow } from './export_row'
import { askExport, isUnderWay, useLookAgain } from './state'
import { et, exportWords } from './words'

/** A new one, or the one that somebody has asked for already. */
async function asked(contact: Id): Promise<Export | null> {
  try {
    return await askExport(contact)
  } catch (cause) {
    if (!(cause instanceof ApiError && cause.is('conflict.under_way'))) throw cause
    const page = await get<Page<Export>>('/exports', { limit: 200 })
    return page.items.find((one) => one.contact_id === contact && isUnderWay(one)) ?? null
  }
}

function ContactExport({ contact }: { contact: Id }) {
  const one = useSignal<Export | null>(null)
  const isBusy = useSignal(false)
  const look = async (): Promise<void> => {
    const id = one.peek()?.id
    if (!id) return
    try {
      one.value = await get<Export>('/exports/' + id)
    } catch (cause) {
      if (cause instanceof ApiError && cause.status === 404) one.value = null
    }
  }
  useLookAgain(one.value !== null && isUnderWay(one.value), look)
  const ask = (): void => {
    isBusy.value = true
    void asked(contact).then((made) => void (one.value = made), complain).finally(() => void (isBusy.value = false))
  }
  return (
    <section class="context-section">
      {one.value ? (
        <ul class="rows"><ExportRow one={one.value} isTitled={false} onGone={() => void (one.value = null)} /></ul>
      ) : (
        <Button small icon="download" disabled={isBusy.value} onClick={ask}>{et('contact.ask')}</Button>
      )}
      <p class="field-hint">{et('contact.hint')} <a href={BASE + '/settings/exports'}>{et('contact.all')}</a></p>
    </section>
  )
}

/** With its words. */
export const contactExportPart = (): Promise<FunctionComponent<{ contact: Id }>> => exportWords().then(() => ContactExport)
