// Who a mail is from and to, when, about what, and how sure that is: in words, not by colour alone. One line; the rest behind a button.
import { useSignal } from '@preact/signals'
import { useId } from 'preact/hooks'
import { Icon, type IconName } from '../ui/icon'
import { Words } from '../ui/parts'
import { dateTime } from '../lib/format'
import { isTold, type Address, type Automatic, type Guard, type Mail, type Reach, type Reached, type Signature, type Verdict } from './types'
import { ruleWords, serverWords } from './sentences'
import { mt } from './words'

const SHOWN_AT_ONCE = 3

export function verdictWords(verdict: Verdict): { icon: IconName; tone: string; text: string; hint: string } {
  switch (verdict) {
    case 'pass':
      return { icon: 'shield', tone: 'good', text: mt('sender.verified'), hint: mt('sender.verified_hint') }
    case 'fail':
      return { icon: 'alert', tone: 'bad', text: mt('sender.failed'), hint: mt('sender.failed_hint') }
    case 'none':
      return { icon: 'alert', tone: 'plain', text: mt('sender.unverified'), hint: mt('sender.unverified_hint') }
  }
}

function guardWords(guard: Guard): string | null {
  switch (guard) {
    case 'open':
      return null
    case 'signed_smime':
      return mt('guard.signed', { how: 'S/MIME' })
    case 'signed_pgp':
      return mt('guard.signed', { how: 'PGP' })
    case 'encrypted_smime':
      return mt('guard.encrypted', { how: 'S/MIME' })
    case 'encrypted_pgp':
      return mt('guard.encrypted', { how: 'PGP' })
  }
}

function automaticWords(automatic: Automatic): string | null {
  switch (automatic) {
    case '':
      return null
    case 'away':
      return mt('automatic.away')
    case 'list':
      return mt('automatic.list')
    case 'machine':
      return mt('automatic.machine')
    case 'loop':
      return mt('automatic.loop')
  }
}

function signatureWords(signature: Signature): string {
  const { how } = signature
  const who = signature.address || signature.name
  switch (signature.state) {
    case 'verified':
      return mt('signature.verified', { who, how })
    case 'other':
      return mt('signature.other', { who, how })
    case 'unknown':
      return who ? mt('signature.unknown', { who, how }) : mt('signature.unknown_nobody', { how })
    case 'expired':
      return mt('signature.expired', { who, how })
    case 'revoked':
      return mt('signature.revoked', { who, how, date: signature.revoked_at ? dateTime(signature.revoked_at) : '' })
    case 'altered':
      return mt('signature.altered', { how })
    case 'weak':
      return mt('signature.weak', { how })
    case 'partly':
      return mt('signature.partly', { how })
    case 'broken':
      return mt('signature.broken', { how })
  }
}

const signatureTone = ({ state }: Signature): string => (state === 'verified' ? 'good' : state === 'altered' || state === 'other' || state === 'revoked' ? 'bad' : 'plain')

function GuardMark({ mail }: { mail: Mail }) {
  if (mail.signature) return <span class={`mail-mark mail-mark-${signatureTone(mail.signature)}`} title={mt('signature.hint')}><Icon name={mail.signature.state === 'verified' ? 'shield' : 'edit'} size={13} /> {signatureWords(mail.signature)}</span>
  const guard = guardWords(mail.guard)
  return guard ? <span class="mail-mark mail-mark-info"><Icon name={mail.guard.startsWith('signed') ? 'edit' : 'lock'} size={13} /> {guard}</span> : null
}

function SignatureFacts({ signature }: { signature: Signature }) {
  return (
    <div>
      <dt>{mt('signature.title')}</dt>
      <dd>
        {signature.name ? <Words text={signature.name} /> : null} {signature.address ? <bdi dir="ltr" class="mail-address">{signature.address}</bdi> : null} {mt('signature.hint')}
        {signature.fingerprint ? <span class="mail-results" dir="auto">{mt('signature.fingerprint', { fingerprint: signature.fingerprint })}</span> : null}
      </dd>
    </div>
  )
}

/** The address always shows: a name can be anything. */
function Person({ of }: { of: Address }) {
  return (
    <span class="mail-person">
      {of.name ? <Words text={of.name} class="mail-person-name" /> : null} <bdi dir="ltr" class="mail-address">{of.name ? `<${of.address}>` : of.address}</bdi>
    </span>
  )
}

export function People({ label, people }: { label: string; people: readonly Address[] }) {
  const isOpen = useSignal(false)
  if (!people.length) return null
  const shown = isOpen.value ? people : people.slice(0, SHOWN_AT_ONCE)
  return (
    <div>
      <dt>{label}</dt>
      <dd>
        {shown.map((one, at) => <Person key={at} of={one} />)}
        {shown.length < people.length ? <button type="button" class="link-button" onClick={() => void (isOpen.value = true)}>{mt('details.more', { count: people.length - shown.length })}</button> : null}
      </dd>
    </div>
  )
}

function Checks({ mail }: { mail: Mail }) {
  const { hint } = verdictWords(mail.auth.verdict)
  const results = (['spf', 'dkim', 'dmarc'] as const).filter((name) => mail.auth[name])
  return (
    <div>
      <dt>{mt('details.checks')}</dt>
      <dd>
        {hint}
        {results.length ? <span class="mail-results" dir="ltr">{results.map((name) => <span key={name}>{name.toUpperCase()} {mail.auth[name].slice(0, 40)}</span>)}</span> : null}
      </dd>
    </div>
  )
}

function reachWords(state: Reach): string {
  switch (state) {
    case 'taken':
      return mt('reach.taken')
    case 'later':
      return mt('reach.later')
    case 'refused':
      return mt('reach.refused')
    case 'unknown':
      return mt('reach.unknown')
    case 'delayed':
      return mt('reach.delayed')
    case 'delivered':
      return mt('reach.delivered')
    case 'bounced':
      return mt('reach.bounced')
    case 'read':
      return mt('reach.read')
    case 'complained':
      return mt('reach.complained')
    case 'stopped':
      return mt('reach.stopped')
  }
}

/** Taken, and nothing more: that is as it should be. */
const isPlain = (one: Reached): boolean => one.state === 'taken'

function whyWords(one: Reached): string {
  switch (one.reason) {
    case 'stopped':
      return one.at ? mt('reach.stopped_by', { name: one.by, time: dateTime(one.at) }) : one.words
    case 'maybe_sent':
      return mt('reach.maybe_sent')
    case '':
      return serverWords(one)
  }
}

/** In a sentence of its own, beside the mail. */
function toldWords(one: Reached): string {
  const said = { address: one.address, words: whyWords(one) || reachWords(one.state) }
  switch (one.state) {
    case 'unknown':
      return mt('reach.perhaps_not_to', said)
    case 'later':
    case 'delayed':
      return mt('reach.not_yet_to', said)
    case 'complained':
      return mt('reach.spam_by', said)
    case 'refused':
    case 'bounced':
    case 'stopped':
    case 'taken':
    case 'delivered':
    case 'read':
      return mt('reach.not_to', said)
  }
}

function Delivery({ mail }: { mail: Mail }) {
  if (!mail.recipients.length) return null
  return (
    <div>
      <dt>{mt('reach.title')}</dt>
      <dd>
        <ul class="mail-reached">
          {mail.recipients.map((one) => (
            <li key={one.address}>
              <bdi dir="ltr" class="mail-address">{one.address}</bdi> {reachWords(one.state)}
              {one.words && !isPlain(one) ? <bdi class="mail-reached-words" dir="auto">{whyWords(one)}</bdi> : null}
            </li>
          ))}
        </ul>
        {mail.again_at ? mt('reach.again', { time: dateTime(mail.again_at) }) : null}
      </dd>
    </div>
  )
}

function AutomaticWhy({ mail }: { mail: Mail }) {
  const rule = ruleWords(mail.automatic_rule)
  if (rule) return <span class="mail-results">{rule}</span>
  return mail.automatic_why ? <span class="mail-results" lang="en" dir="ltr">{mail.automatic_why}</span> : null
}

export function MailDetails({ mail }: { mail: Mail }) {
  const isOpen = useSignal(false)
  const id = useId()
  const verdict = verdictWords(mail.auth.verdict)
  const automatic = automaticWords(mail.automatic)
  const others = mail.to.length + mail.cc.length
  return (
    <div class="mail-details">
      {mail.subject ? <p class="mail-subject"><Words text={mail.subject} /></p> : null}
      <div class="mail-line">
        <Person of={mail.from} />
        {mail.is_ours ? null : <span class={`mail-mark mail-mark-${verdict.tone}`} title={verdict.hint}><Icon name={verdict.icon} size={13} /> {verdict.text}</span>}
        {automatic ? <span class="mail-mark mail-mark-info" title={ruleWords(mail.automatic_rule) || mail.automatic_why}><Icon name="bolt" size={13} /> {automatic}</span> : null}
        <GuardMark mail={mail} />
        <button type="button" class="mail-more" aria-expanded={isOpen.value} aria-controls={id} onClick={() => void (isOpen.value = !isOpen.value)}>
          {others > 1 ? mt('details.show_people', { count: others }) : mt('details.show')} <Icon name={isOpen.value ? 'up' : 'down'} size={13} />
        </button>
      </div>
      {mail.recipients.filter(isTold).map((one) => <p key={one.address} class="mail-note mail-note-warn"><Icon name="alert" size={14} /> <span dir="auto">{toldWords(one)}</span></p>)}
      {mail.guard.startsWith('encrypted') ? <p class="mail-sealed">{mt('guard.encrypted_hint')}</p> : null}
      {isOpen.value ? (
        <dl class="mail-facts" id={id}>
          <People label={mt('details.from')} people={[mail.from]} />
          <People label={mt('details.to')} people={mail.to} />
          <People label={mt('details.cc')} people={mail.cc} />
          {mail.subject ? <div><dt>{mt('details.subject')}</dt><dd><Words text={mail.subject} /></dd></div> : null}
          {mail.date ? <div><dt>{mt('details.date')}</dt><dd>{dateTime(mail.date)}</dd></div> : null}
          <Delivery mail={mail} />
          {mail.is_ours ? null : <Checks mail={mail} />}
          {automatic ? <div><dt>{mt('details.automatic')}</dt><dd>{automatic}<AutomaticWhy mail={mail} /></dd></div> : null}
          {mail.signature ? <SignatureFacts signature={mail.signature} /> : null}
        </dl>
      ) : null}
    </div>
  )
}
