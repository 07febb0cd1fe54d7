// All contacts: found by name, mail or phone; one beside the list.
import { useSignal } from '@preact/signals'
import { useEffect, useLayoutEffect, useRef, useState } from 'preact/hooks'
import { PageEnd, type PageFault } from '../ui/page_end'
import { Avatar, Empty, Facts, IconButton, Problem, Spinner, Words } from '../ui/parts'
import { Icon } from '../ui/icon'
import { get } from '../lib/api'
import { age } from '../lib/format'
import { t } from '../lib/i18n'
import { Latest } from '../lib/latest'
import { mayBegin } from '../lib/network_types'
import { BASE, go, route } from '../lib/router'
import type { Contact, Page } from '../lib/types'
import { contactName } from '../inbox/row'
import { focusRequest, overlay, takeFocus } from '../state/overlays'
import { can, channels, contacts, putContact } from '../state/store'
import { size } from '../state/look'
import { errorText } from '../state/toasts'
import { ContactFacts, History, Identities, Rare } from './contact_panel'
import { ContactFields } from './contact_fields'

const SEARCH_MS = 200

/** The people found, a page at a time; an answer to an older question is dropped. */
function useContacts() {
  const items = useSignal<Contact[]>([])
  const next = useSignal<string | null>(null)
  const query = useSignal('')
  const isLoading = useSignal(true)
  const fault = useSignal<PageFault | null>(null)
  const timer = useRef<ReturnType<typeof setTimeout> | null>(null)
  const [latest] = useState(() => new Latest())
  const load = async (more: boolean): Promise<void> => {
    isLoading.value = true
    fault.value = null
    const isLatest = latest.begin()
    try {
      const page = await get<Page<Contact>>('/contacts', { q: query.value, cursor: more ? next.value : null, limit: 50 })
      if (!isLatest()) return
      for (const one of page.items) putContact(one)
      items.value = more ? [...items.value, ...page.items] : page.items
      next.value = page.next
    } catch (cause) {
      if (isLatest()) fault.value = { text: errorText(cause), isMore: more }
    } finally {
      if (isLatest()) isLoading.value = false
    }
  }
  const search = (text: string): void => {
    query.value = text.trim()
    latest.begin()
    isLoading.value = true
    if (timer.current) clearTimeout(timer.current)
    timer.current = setTimeout(() => void load(false), SEARCH_MS)
  }
  useEffect(() => void load(false), [])
  return { items, next, query, isLoading, fault, load, search }
}

function ContactRow({ contact, isOpen }: { contact: Contact; isOpen: boolean }) {
  const name = contactName(contact)
  return (
    <a class={isOpen ? 'contact-row contact-row-open' : 'contact-row'} href={BASE + '/contacts/' + contact.id} aria-current={isOpen ? 'true' : undefined}>
      <Avatar name={name} photo={contact.avatar_url} size={32} online={contact.is_online} />
      <span class="row-body">
        <span class="row-line"><Words text={name} class="row-name" /><span class="row-age">{age(contact.last_seen_at ?? contact.created_at)}</span></span>
        <span class="row-preview"><Facts of={[contact.email, contact.phone, contact.company]} /></span>
      </span>
    </a>
  )
}

function Search({ onSearch }: { onSearch: (text: string) => void }) {
  const input = useRef<HTMLInputElement>(null)
  const asked = focusRequest.value
  useLayoutEffect(() => {
    if (takeFocus(asked, 'search')) input.current?.focus()
  }, [asked])
  return (
    <div class="search">
      <Icon name="search" size={16} />
      <input ref={input} type="search" dir="auto" aria-label={t('contact.search')} placeholder={t('contact.search')} onInput={(event) => onSearch(event.currentTarget.value)} />
    </div>
  )
}

function Found({ open }: { open: string | null }) {
  const { items, next, query, isLoading, fault, load, search } = useContacts()
  const canStart = can('conversation.reply') && channels.value.some(mayBegin)
  return (
    <>
      <header class="list-head">
        <h1>{t('nav.contacts')}</h1>
        {canStart ? (
          <span class="list-head-end">
            <IconButton icon="plus" label={t('start.title')} onClick={() => void (overlay.value = { kind: 'startConversation' })} />
          </span>
        ) : null}
      </header>
      <Search onSearch={search} />
      <div class="list-body">
        <div class="list-scroll">
          {fault.value && !fault.value.isMore ? <Problem text={fault.value.text} onRetry={() => void load(false)} /> : null}
          {!isLoading.value && items.value.length === 0 && !fault.value ? <Empty icon="contacts" title={query.value ? t('empty.filtered') : t('empty.contacts')} /> : null}
          <ul class="contact-rows">
            {items.value.map((one) => <li key={one.id}><ContactRow contact={one} isOpen={open === one.id} /></li>)}
          </ul>
          <PageEnd fault={fault.value} hasMore={next.value !== null} isLoading={isLoading.value} onMore={() => void load(true)} />
        </div>
      </div>
    </>
  )
}

export function ContactsPage() {
  const current = route.value
  const open = current.page === 'contacts' ? current.contact : null
  const isPhone = size.value === 'phone'
  const ListPlace = isPhone ? 'main' : 'section'
  return (
    <div class="inbox contacts">
      {isPhone && open ? null : (
        <ListPlace class="pane pane-list contacts-list" aria-label={t('nav.contacts')} {...(isPhone ? { id: 'main', tabIndex: -1 } : {})}>
          <Found open={open} />
        </ListPlace>
      )}
      {isPhone && !open ? null : (
        <main id="main" class="pane pane-conversation" tabIndex={-1}>
          {open ? <OneContact key={open} id={open} /> : <div class="nothing"><Empty icon="contacts" title={t('contact.nothing_open')} /></div>}
        </main>
      )}
    </div>
  )
}

function OneContact({ id }: { id: string }) {
  const error = useSignal<string | null>(null)
  const load = (): void => {
    error.value = null
    get<Contact>('/contacts/' + id).then(putContact, (cause: unknown) => void (error.value = errorText(cause)))
  }
  useEffect(load, [id])
  const contact = contacts.get(id)
  if (error.value) return <Problem text={error.value} onRetry={load} />
  if (!contact?.identities) return <div class="timeline-older"><Spinner /></div>
  return (
    <div class="contact-page">
      {size.value === 'phone' ? (
        <>
          <h1 class="sr-only">{t('nav.contacts')}</h1>
          <IconButton icon="back" label={t('command.back')} onClick={() => go('/contacts')} />
        </>
      ) : null}
      <ContactFacts contact={contact} isOnline={contact.is_online} />
      <div class="contact-columns">
        <div><ContactFields contact={contact} /></div>
        <div><Identities contact={contact} /><History contact={id} but={null} /><Rare contact={contact} /></div>
      </div>
    </div>
  )
}
