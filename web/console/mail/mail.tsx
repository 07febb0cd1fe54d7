// One mail in the timeline: who and how sure, an invitation if it brings one, then the mail itself on its sheet, or its text. Loaded with the first
// mail that is looked at (entry.tsx).
import { useSignal } from '@preact/signals'
import { useId } from 'preact/hooks'
import '../style/mail.css'
import { Icon } from '../ui/icon'
import { lazyPart } from '../ui/lazy'
import { linkParts } from '../conversation/link_parts'
import { complain } from '../state/toasts'
import type { Id } from '../lib/types'
import { MailDetails } from './details'
import { MailFrame, type Laid } from './frame'
import { allowPictures, allowSender, arePicturesAllowed } from './load'
import { splitText } from './quote'
import type { Mail } from './types'
import { mailWords, mt } from './words'

const Invitation = lazyPart(() => import('./invitation').then((module) => module.Invitation))
const Waiting = lazyPart(() => import('./waiting').then((module) => module.Waiting))

export { mailOf } from './load'
/** Resolves when a mail can be drawn with its words. */
export const mailReady = mailWords
/** Lines and characters of a text that show before it is folded. */
const LONG_LINES = 40
const LONG_TEXT = 4000

function Linked({ text }: { text: string }) {
  return (
    <>
      {linkParts(text, []).map((part, at) => (part.kind === 'link' ? <a key={at} href={part.href} target="_blank" rel="noopener noreferrer nofollow">{part.text}</a> : part.text))}
    </>
  )
}

function Toggle({ isOpen, controls, words, sign, onToggle }: { isOpen: boolean; controls: string; words: string; sign?: string; onToggle: () => void }) {
  return (
    <button type="button" class={sign ? 'mail-toggle mail-quote-toggle' : 'mail-toggle'} aria-expanded={isOpen} aria-controls={controls} {...(sign ? { 'aria-label': words, title: words } : {})} onClick={onToggle}>
      {sign ?? words}
    </button>
  )
}

function Plain({ text }: { text: string }) {
  const { own, quoted } = splitText(text)
  const areQuotesShown = useSignal(false)
  const isLong = own.length > LONG_TEXT || own.split('\n', LONG_LINES + 1).length > LONG_LINES
  const isWhole = useSignal(false)
  const id = useId()
  return (
    <>
      <div id={id} class={isLong && !isWhole.value ? 'mail-text mail-text-folded' : 'mail-text'} dir="auto">
        <Linked text={own} />
        {areQuotesShown.value ? <div class="mail-text-quote" dir="auto"><Linked text={quoted} /></div> : null}
      </div>
      <div class="mail-toggles">
        {isLong ? <Toggle isOpen={isWhole.value} controls={id} words={isWhole.value ? mt('mail.fold') : mt('mail.unfold')} onToggle={() => void (isWhole.value = !isWhole.value)} /> : null}
        {quoted ? <Toggle isOpen={areQuotesShown.value} controls={id} sign="…" words={areQuotesShown.value ? mt('mail.hide_quote') : mt('mail.show_quote')} onToggle={() => void (areQuotesShown.value = !areQuotesShown.value)} /> : null}
      </div>
    </>
  )
}

function Pictures({ id, mail, laid }: { id: Id; mail: Mail; laid: Laid }) {
  const isAsking = useSignal(false)
  const always = async (): Promise<void> => {
    isAsking.value = true
    await allowSender(id, mail).catch(complain)
    isAsking.value = false
  }
  if (!laid.waiting) return laid.trackers ? <p class="mail-note"><Icon name="shield" size={14} /> <span>{mt('pictures.trackers', { count: laid.trackers })}</span></p> : null
  return (
    <p class="mail-note">
      <Icon name="eye" size={14} /> <span>{mt('pictures.waiting', { count: laid.waiting })}</span>
      <button type="button" class="link-button" onClick={() => allowPictures(id)}>{mt('pictures.show')}</button>
      {mail.auth.verdict === 'pass' ? <button type="button" class="link-button" disabled={isAsking.value} onClick={() => void always()}>{mt('pictures.always', { address: mail.from.address })}</button> : null}
    </p>
  )
}

/** `isCarried`: a mail inside another (carried.tsx): its pictures are shown to nobody, and nobody may allow them. */
function Html({ id, mail, isCarried, onFail }: { id: Id; mail: Mail; isCarried: boolean; onFail: () => void }) {
  const hasPictures = !isCarried && arePicturesAllowed(id, mail)
  const laid = useSignal<Laid | null>(null)
  const isTall = useSignal(false)
  const isWhole = useSignal(false)
  const areQuotesShown = useSignal(false)
  const link = useSignal('')
  const place = useId()
  const found = laid.value
  return (
    <>
      {found && !isCarried ? <Pictures id={id} mail={mail} laid={found} /> : null}
      {found?.waiting && isCarried ? <p class="mail-note"><Icon name="eye" size={14} /> <span>{mt('pictures.waiting', { count: found.waiting })}</span></p> : null}
      {found?.isCut ? <p class="mail-note"><Icon name="alert" size={14} /> <span>{mt('mail.cut')}</span></p> : null}
      <div id={place} class={isTall.value && !isWhole.value ? 'mail-sheet mail-sheet-folded' : 'mail-sheet'}>
        <MailFrame
          id={id}
          mail={mail}
          label={mt('mail.label', { name: mail.from.name || mail.from.address })}
          hasPictures={hasPictures}
          areQuotesShown={areQuotesShown.value}
          isWhole={isWhole.value}
          onLaid={(one) => void (laid.value = one)}
          onTall={(is) => void (isTall.value = is)}
          onLink={(shown) => void (link.value = shown)}
          onFail={onFail}
        />
        {link.value ? <p class="mail-link-shown" aria-hidden="true"><Icon name="external" size={12} /> {mt('mail.opens')} <bdi dir="ltr">{link.value}</bdi></p> : null}
      </div>
      <div class="mail-toggles">
        {isTall.value ? <Toggle isOpen={isWhole.value} controls={place} words={isWhole.value ? mt('mail.fold') : mt('mail.unfold')} onToggle={() => void (isWhole.value = !isWhole.value)} /> : null}
        {found?.hasQuotes ? <Toggle isOpen={areQuotesShown.value} controls={place} sign="…" words={areQuotesShown.value ? mt('mail.hide_quote') : mt('mail.show_quote')} onToggle={() => void (areQuotesShown.value = !areQuotesShown.value)} /> : null}
      </div>
    </>
  )
}

/** The mail itself: its sheet, or its text. */
export function MailBody({ id, mail, isCarried = false }: { id: Id; mail: Mail; isCarried?: boolean }) {
  // A browser too old for the sheet still has the text.
  const hasFailed = useSignal(false)
  if (mail.html && !hasFailed.value) return <Html key={id} id={id} mail={mail} isCarried={isCarried} onFail={() => void (hasFailed.value = true)} />
  return mail.text ? <Plain key={id} text={mail.text} /> : <p class="mail-note">{mt('mail.empty')}</p>
}

export function MailView({ id, mail }: { id: Id; mail: Mail }) {
  return (
    <div class="mail">
      <MailDetails mail={mail} />
      {mail.is_waiting ? <Waiting id={id} mail={mail} /> : null}
      {mail.degraded ? <p class="mail-note mail-note-warn"><Icon name="alert" size={14} /> <span>{mt('mail.degraded')} <bdi dir="auto">{mail.degraded}</bdi></span></p> : null}
      {mail.calendar ? <Invitation of={mail.calendar} /> : null}
      <MailBody id={id} mail={mail} />
    </div>
  )
}
