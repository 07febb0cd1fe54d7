// What is in a message beside words and files: places, cards, shared links, buttons, stars. Foreign and loosely shaped: each member is looked at before it is used.
import type { ComponentChildren } from 'preact'
import { CallButton } from '../calls/call_button'
import { Icon, type IconName } from '../ui/icon'
import { Words } from '../ui/parts'
import { number } from '../lib/format'
import { t } from '../lib/i18n'
import { languageName } from '../lib/format'

type Part = Record<string, unknown>
const MOST = 50
const MOST_STARS = 10

const text = (part: Part, name: string): string => (typeof part[name] === 'string' ? part[name] : '')
const amount = (part: Part, name: string): number | null => (typeof part[name] === 'number' && Number.isFinite(part[name]) ? part[name] : null)
const texts = (value: unknown): string[] => (Array.isArray(value) ? value.filter((one): one is string => typeof one === 'string').slice(0, MOST) : [])
const objects = (value: unknown): Part[] => (Array.isArray(value) ? value.filter((one): one is Part => typeof one === 'object' && one !== null).slice(0, MOST) : [])
/** Addresses come from strangers: only web pages may be opened. */
export const webAddress = (address: string | null | undefined): string | null => (address && /^https?:\/\//i.test(address) ? address : null)

export function Outside({ href, children }: { href: string; children: ComponentChildren }) {
  return (
    <a href={href} target="_blank" rel="noopener noreferrer nofollow">
      {children} <Icon name="external" size={13} /><span class="sr-only">{t('link.new_tab')}</span>
    </a>
  )
}

function Card({ icon, kind, children }: { icon: IconName; kind: string; children?: ComponentChildren }) {
  return (
    <div class="part">
      <Icon name={icon} size={18} />
      <div class="part-words">
        <span class="part-kind">{kind}</span>
        {children}
      </div>
    </div>
  )
}

function Location({ part }: { part: Part }) {
  const latitude = amount(part, 'latitude')
  const longitude = amount(part, 'longitude')
  const isPlace = latitude !== null && longitude !== null && Math.abs(latitude) <= 90 && Math.abs(longitude) <= 180
  const map = isPlace ? `https://www.openstreetmap.org/?mlat=${latitude}&mlon=${longitude}#map=16/${latitude}/${longitude}` : webAddress(text(part, 'url'))
  return (
    <Card icon="place" kind={t('part.location')}>
      {text(part, 'name') ? <strong><Words text={text(part, 'name')} /></strong> : null}
      {text(part, 'address') ? <Words text={text(part, 'address')} /> : null}
      {isPlace ? <span class="part-place" dir="ltr">{latitude.toFixed(5)}, {longitude.toFixed(5)}</span> : null}
      {map ? <Outside href={map}>{t('part.open_map')}</Outside> : null}
    </Card>
  )
}

function ContactCard({ part }: { part: Part }) {
  return (
    <Card icon="contacts" kind={t('part.contact')}>
      <strong><Words text={text(part, 'name')} /></strong>
      {text(part, 'organization') ? <Words text={text(part, 'organization')} /> : null}
      {texts(part['phones']).map((phone) => <span key={phone} class="part-phone"><a href={'tel:' + phone.replace(/[^\d+]/g, '')} dir="ltr">{phone}</a> <CallButton number={phone} /></span>)}
      {texts(part['emails']).map((email) => <a key={email} href={'mailto:' + encodeURIComponent(email)} dir="ltr">{email}</a>)}
    </Card>
  )
}

function LinkCard({ part, icon, kind, action }: { part: Part; icon: IconName; kind: string; action: string }) {
  const href = webAddress(text(part, 'url'))
  return (
    <Card icon={icon} kind={kind}>
      {text(part, 'title') ? <strong><Words text={text(part, 'title')} /></strong> : null}
      {text(part, 'text') ? <span class="part-text" dir="auto">{text(part, 'text')}</span> : null}
      {href ? <Outside href={href}>{action}</Outside> : null}
    </Card>
  )
}

function Buttons({ part }: { part: Part }) {
  return (
    <div class="part-buttons">
      <span class="sr-only">{t('part.buttons')}</span>
      <ul>
        {objects(part['buttons']).map((one, at) => {
          const href = webAddress(text(one, 'url'))
          return <li key={at}>{href ? <Outside href={href}><Words text={text(one, 'title')} /></Outside> : <Words text={text(one, 'title')} />}</li>
        })}
      </ul>
    </div>
  )
}

function Template({ part }: { part: Part }) {
  const variables = typeof part['variables'] === 'object' && part['variables'] !== null ? Object.entries(part['variables'] as Part) : []
  return (
    <Card icon="template" kind={t('part.template')}>
      <span><bdi dir="ltr">{text(part, 'name')}</bdi>{text(part, 'language') ? ' · ' + languageName(text(part, 'language').replace('_', '-')) : ''}</span>
      {variables.slice(0, MOST).map(([name, value]) => <span key={name} class="part-place"><bdi dir="ltr">{`{{${name}}}`}</bdi> <Words text={String(value)} /></span>)}
    </Card>
  )
}

function Rating({ part }: { part: Part }) {
  const value = amount(part, 'value')
  const most = Math.min(MOST_STARS, Math.max(1, Math.round(amount(part, 'most') ?? 5)))
  if (value === null) return null
  return (
    <div class="part-rating" role="img" aria-label={t('part.rating', { value, most })}>
      {Array.from({ length: most }, (_, at) => <span key={at} class={at < value ? 'star star-on' : 'star'}><Icon name="star" size={16} /></span>)}
      <span aria-hidden="true">{number(value)}/{number(most)}</span>
    </div>
  )
}

function Call({ part }: { part: Part }) {
  const outcome = text(part, 'outcome')
  const seconds = amount(part, 'seconds')
  const kind = outcome === 'missed' ? t('part.call_missed') : outcome === 'voicemail' ? t('part.call_voicemail') : text(part, 'direction') === 'out' ? t('part.call_out') : t('part.call_in')
  return <Card icon="phone" kind={kind}>{seconds ? <span>{t('part.seconds', { minutes: Math.floor(seconds / 60), seconds: Math.round(seconds % 60) })}</span> : null}</Card>
}

/** A voicemail whose words the network wrote down. */
export const isTranscript = (parts: readonly Part[] | undefined): boolean => parts?.some((one) => one['type'] === 'call' && one['outcome'] === 'voicemail') ?? false

function OnePart({ part }: { part: Part }) {
  switch (part['type']) {
    case 'location':
      return <Location part={part} />
    case 'contact':
      return <ContactCard part={part} />
    case 'link':
      return <LinkCard part={part} icon="link" kind={t('part.link')} action={t('part.open')} />
    case 'story':
      return <LinkCard part={part} icon="eye" kind={t('part.story')} action={t('part.open')} />
    case 'referral':
      return <LinkCard part={{ ...part, text: text(part, 'text') || [text(part, 'source'), text(part, 'ref')].filter(Boolean).join(' · ') }} icon="outside" kind={t('part.referral')} action={t('part.open')} />
    case 'buttons':
      return <Buttons part={part} />
    case 'choice':
      return <div class="part-choice"><Icon name="check" size={14} /> {t('part.choice', { title: text(part, 'title') || text(part, 'id') })}</div>
    case 'template':
      return <Template part={part} />
    case 'rating':
      return <Rating part={part} />
    case 'call':
      return <Call part={part} />
    case 'album': // the timeline puts them together
    case 'summons': // for the server: whether the network lets this one be answered
      return null
    default:
      return <div class="part-choice"><Icon name="alert" size={14} /> {t('part.unsupported', { name: text(part, 'name') || text(part, 'type') || '?' })}</div>
  }
}

/** What was sent at once and came as several messages: the id that they share. */
export function albumOf(parts: readonly Part[] | undefined): string | null {
  const album = parts?.find((part) => part['type'] === 'album')
  return album ? text(album, 'id') || null : null
}

export function Parts({ parts }: { parts: readonly Part[] }) {
  return <>{parts.slice(0, MOST).map((part, at) => <OnePart key={at} part={part} />)}</>
}
