// Beside the conversation: who this is, how to reach them, what was before.
import { useSignal } from '@preact/signals'
import { useEffect } from 'preact/hooks'
import { Icon } from '../ui/icon'
import { ChannelSign } from '../ui/network'
import { Avatar, Button, Chip, Spinner, Words } from '../ui/parts'
import { get } from '../lib/api'
import { age, dateTime, languageName, localTimeIn } from '../lib/format'
import { t } from '../lib/i18n'
import { BASE, inboxPath } from '../lib/router'
import type { Contact, Conversation, Id, Page } from '../lib/types'
import { statusName } from '../inbox/filter_bar'
import { contactName } from '../inbox/row'
import { channelName } from '../state/networks'
import { STAY_MS } from '../state/shown'
import { agentOf, can, contacts, conversations, presenceOf } from '../state/store'
import { KnownAddresses } from '../mail/known_addresses'
import { ContactFields } from './contact_fields'
import { lazyPart } from '../ui/lazy'
import { setBlocked } from './save'

const Separate = lazyPart(() => import('./separate').then((module) => module.separatePart()))
const ContactExport = lazyPart(() => import('../exports/contact_export').then((module) => module.contactExportPart()))
const MailTranscript = lazyPart(() => import('./mail_transcript').then((module) => module.MailTranscript))

export function History({ contact, but }: { contact: Id; but: Id | null }) {
  const items = useSignal<Conversation[] | null>(null)
  const version = but ? conversations.get(but)?.status : null
  useEffect(() => {
    let isGone = false
    const take = (found: Conversation[]): void => {
      if (!isGone) items.value = found
    }
    const load = (): void => {
      get<Page<Conversation>>(`/contacts/${contact}/conversations`, { limit: 20 }).then((page) => take(page.items), () => take([]))
    }
    const timer = setTimeout(load, STAY_MS)
    return () => {
      isGone = true
      clearTimeout(timer)
    }
  }, [contact, version])
  const shown = items.value?.filter((one) => one.id !== but)
  return (
    <section class="context-section">
      <h3>{t('contact.history')}</h3>
      {!shown ? <Spinner /> : null}
      {shown?.length === 0 ? <p class="context-none">{t('contact.no_history')}</p> : null}
      <ul class="history">
        {shown?.map((one) => (
          <li key={one.id}>
            <a href={BASE + inboxPath('all', one.id)}>
              <ChannelSign kind={one.channel.kind} size={15} />
              <span class="history-words">
                <Words text={one.subject ?? one.preview ?? '#' + one.number} class="history-preview" />
                <span class="history-sub">{statusName(one.status)} · {age(one.last_message_at ?? one.created_at)}</span>
              </span>
            </a>
          </li>
        ))}
      </ul>
    </section>
  )
}

export function ContactFacts({ contact, isOnline }: { contact: Contact; isOnline: boolean }) {
  return (
    <>
      <div class="context-head">
        <Avatar name={contactName(contact)} photo={contact.avatar_url} size={40} online={isOnline} />
        <div class="context-who">
          <h2><Words text={contactName(contact)} /></h2>
          <span class="context-sub">{isOnline ? t('contact.online') : contact.last_seen_at ? t('contact.seen', { age: age(contact.last_seen_at) }) : t('contact.offline')}</span>
        </div>
      </div>
      <div class="context-chips">
        {contact.language ? <Chip>{languageName(contact.language)}</Chip> : null}
        {contact.time_zone && localTimeIn(contact.time_zone) ? <Chip icon="clock">{t('contact.local_time', { time: localTimeIn(contact.time_zone) })}</Chip> : null}
        {contact.location ? <Chip><Words text={contact.location} /></Chip> : null}
        {contact.is_blocked ? <Chip tone="urgent" icon="lock">{t('contact.blocked')}</Chip> : null}
      </div>
      {contact.is_blocked ? <p class="context-blocked" role="status">{t('contact.blocked_hint')}</p> : null}
      {contact.current_page?.url ? (
        <p class="context-page">
          <Icon name="eye" size={14} /> <a href={contact.current_page.url} target="_blank" rel="noopener noreferrer nofollow" dir="auto">{contact.current_page.title || contact.current_page.url}</a>
        </p>
      ) : null}
    </>
  )
}

/** At the end of the panel: rare, and not to be hit by chance. */
export function Rare({ contact }: { contact: Contact }) {
  return (
    <>
      {can('contact.export') ? <ContactExport key={contact.id} contact={contact.id} /> : null}
      {can('contact.update') ? <Blocking contact={contact} /> : null}
    </>
  )
}

function Blocking({ contact }: { contact: Contact }) {
  return (
    <section class="context-section">
      <Button small tone={contact.is_blocked ? 'plain' : 'danger'} icon="lock" onClick={() => void setBlocked(contact, !contact.is_blocked)}>
        {contact.is_blocked ? t('contact.unblock') : t('contact.block')}
      </Button>
      <p class="field-hint">{contact.is_blocked ? t('contact.unblock_hint') : t('contact.block_hint')}</p>
    </section>
  )
}

export function Identities({ contact }: { contact: Contact }) {
  const maySeparate = contact.identities.length > 1 && can('contact.update')
  return (
    <section class="context-section">
      <h3>{t('contact.identities')}</h3>
      {contact.identities.length === 0 ? <p class="context-none">{t('contact.no_identities')}</p> : null}
      <ul class="identities">
        {contact.identities.map((one) => (
          <li key={one.id}>
            <ChannelSign kind={one.channel_kind} size={15} />
            <Words text={(one.channel_kind === 'email' ? one.external_id : one.handle) ?? one.external_id ?? t('contact.anonymous')} class="identity-name" />
            {one.is_verified ? <Chip tone="good" icon="check">{t('contact.verified')}</Chip> : null}
            <span class="identity-age" title={dateTime(one.last_seen_at)}>{age(one.last_seen_at)}</span>
            {maySeparate && one.channel_kind === 'email' ? <Separate contact={contact.id} identity={one.id} name={one.external_id ?? ''} /> : null}
          </li>
        ))}
      </ul>
    </section>
  )
}

export function ContactPanel({ conversation: id }: { conversation: Id }) {
  const conversation = conversations.get(id)
  const contact = conversation ? contacts.get(conversation.contact.id) : undefined
  if (!conversation || !contact) return <div class="context"><Spinner /></div>
  const isOnline = presenceOf(id).value.isContactOnline ?? contact.is_online
  const assignee = agentOf(conversation.assignee_id)
  return (
    <div class="context">
      <ContactFacts contact={contact} isOnline={isOnline} />
      <KnownAddresses conversation={conversation} />
      <ContactFields contact={contact} />
      <Identities contact={contact} />
      <section class="context-section">
        <h3>{t('conversation.details')}</h3>
        <dl class="facts">
          <div><dt>{t('conversation.number')}</dt><dd dir="ltr">#{conversation.number}</dd></div>
          <div><dt>{t('filter.channel')}</dt><dd><Words text={channelName(conversation.channel)} /></dd></div>
          <div><dt>{t('filter.assignee')}</dt><dd>{assignee ? <Words text={assignee.name} /> : t('conversation.unassigned')}</dd></div>
          <div><dt>{t('conversation.started')}</dt><dd>{dateTime(conversation.created_at)}</dd></div>
        </dl>
        <a class="context-download" href={`/api/v1/conversations/${id}/transcript`} download><Icon name="download" size={15} /> {t('conversation.transcript')}</a>
        {conversation.channel.kind === 'widget' && can('conversation.reply') ? <MailTranscript conversation={id} email={contact.email} /> : null}
      </section>
      <History contact={contact.id} but={id} />
      <Rare contact={contact} />
    </div>
  )
}
