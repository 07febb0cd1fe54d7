// What goes out below the words of an answer: the mailbox's signature and the mail that is answered. Shown as it will stand there, nothing to edit.
import { useSignal } from '@preact/signals'
import { useEffect, useId, useRef } from 'preact/hooks'
import '../style/mail.css'
import '../style/mail_compose.css'
import { dateTime } from '../lib/format'
import type { Mail } from './types'
import { mt } from './words'

const SHOWN_MAX = 4000

/** `html` of the small list (the server keeps signatures that way). */
export function SignaturePreview({ html }: { html: string }) {
  const place = useRef<HTMLDivElement>(null)
  useEffect(() => {
    let isGone = false
    void import('./paste')
      .then(({ fragmentOf }) => fragmentOf(html, new Map()))
      .then((fragment) => {
        if (!isGone) place.current?.replaceChildren(fragment)
      })
    return () => {
      isGone = true
    }
  }, [html])
  if (!html) return null
  return (
    <div class="mail-below" role="group" aria-label={mt('preview.signature')}>
      <div ref={place} class="mail-signature" dir="auto" />
    </div>
  )
}

/** The line above a quote; many mails say no time. */
export function wroteLine(mail: Mail): string {
  const name = mail.from.name || mail.from.address
  return mail.date ? mt('preview.wrote', { date: dateTime(mail.date), name }) : mt('preview.wrote_undated', { name })
}

/** The line above a mail that is passed on. */
export const forwardLine = (mail: Mail): string => mt('forward.above', { name: mail.from.name || mail.from.address, address: mail.from.address, subject: mail.subject })

/** `line`: what stands above it. `isIncluded` false: the answer goes out without what it answers. `onChange` null: there is no choice. */
export function QuotePreview({ mail, line = wroteLine(mail), isIncluded, onChange }: { mail: Mail; line?: string; isIncluded: boolean; onChange: ((isIncluded: boolean) => void) | null }) {
  const isOpen = useSignal(false)
  const id = useId()
  return (
    <div class="mail-below" role="group" aria-label={mt('preview.quote')}>
      <div class="mail-below-line">
        <button type="button" class="mail-toggle mail-quote-toggle" aria-expanded={isOpen.value} aria-controls={id} disabled={!isIncluded} aria-label={isOpen.value ? mt('preview.hide_quote') : mt('preview.show_quote')} onClick={() => void (isOpen.value = !isOpen.value)}>…</button>
        {onChange ? (
          <label>
            <input type="checkbox" checked={!isIncluded} onChange={(event) => onChange(!event.currentTarget.checked)} /> {mt('preview.no_quote')}
          </label>
        ) : <span>{mt('preview.below')}</span>}
      </div>
      {isOpen.value && isIncluded ? (
        <div id={id} class="mail-quoted">
          <p dir="auto">{line}</p>
          <blockquote dir="auto">{mail.text.length > SHOWN_MAX ? mail.text.slice(0, SHOWN_MAX) + '…' : mail.text}</blockquote>
        </div>
      ) : null}
    </div>
  )
}
