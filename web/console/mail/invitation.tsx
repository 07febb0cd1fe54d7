// A meeting that a mail invites to: what, when for the reader, where, by whom. It is shown; answering it is the mail's matter.
import { Icon } from '../ui/icon'
import { Words } from '../ui/parts'
import { locale } from '../lib/i18n'
import { linkParts } from '../conversation/link_parts'
import type { Invitation as Shape } from './types'
import { whenOf } from './when'
import { mt } from './words'

function title(method: string): string {
  switch (method) {
    case 'cancel':
      return mt('invitation.cancelled')
    case 'reply':
      return mt('invitation.reply')
    case 'publish':
      return mt('invitation.event')
    default:
      return mt('invitation.title')
  }
}

export function Invitation({ of }: { of: Shape }) {
  const when = whenOf(of, locale.value)
  const isElsewhere = of.time_zone !== '' && !of.is_all_day && of.time_zone !== Intl.DateTimeFormat().resolvedOptions().timeZone
  return (
    <section class={of.method === 'cancel' ? 'invitation invitation-cancelled' : 'invitation'} aria-label={title(of.method)}>
      <Icon name="clock" size={20} />
      <div class="invitation-words">
        <span class="invitation-kind">{title(of.method)}</span>
        {of.summary ? <strong><Words text={of.summary} /></strong> : null}
        <dl>
          {when ? (
            <div>
              <dt>{mt('invitation.when')}</dt>
              <dd>{when}{isElsewhere ? <small> {mt('invitation.zone', { zone: of.time_zone })}</small> : null}</dd>
            </div>
          ) : null}
          {of.recurrence ? <div><dt>{mt('invitation.repeats')}</dt><dd><Words text={of.recurrence} /></dd></div> : null}
          {of.location ? (
            <div>
              <dt>{mt('invitation.where')}</dt>
              <dd>
                <bdi>{linkParts(of.location.slice(0, 1000), []).map((part, at) => (part.kind === 'link' ? <a key={at} href={part.href} target="_blank" rel="noopener noreferrer nofollow">{part.text}</a> : part.text))}</bdi>
              </dd>
            </div>
          ) : null}
          {of.organizer.name || of.organizer.address ? <div><dt>{mt('invitation.organizer')}</dt><dd><Words text={of.organizer.name || of.organizer.address} /></dd></div> : null}
          {of.attendees ? <div><dt>{mt('invitation.invited')}</dt><dd>{mt('invitation.people', { count: of.attendees })}</dd></div> : null}
        </dl>
      </div>
    </section>
  )
}
