// Where a message is a mail: its text at once, the whole mail as soon as it comes into sight. What draws it is loaded then, so that a conversation
// without mail carries none of it.
import type { FunctionComponent } from 'preact'
import { useEffect, useRef, useState } from 'preact/hooks'
import { Problem } from '../ui/parts'
import { ApiError } from '../lib/api'
import { t } from '../lib/i18n'
import type { Id } from '../lib/types'
import { linkParts } from '../conversation/link_parts'
import { isTold, shownInside, type Mail } from './types'

/** Before it is in sight, so that a reader who scrolls finds it there. */
const AHEAD = '600px'

type State = { kind: 'waiting' } | { kind: 'failed'; why: string } | { kind: 'ready'; mail: Mail; View: FunctionComponent<{ id: Id; mail: Mail }> }

async function load(id: Id, version: string): Promise<State> {
  const drawing = await import('./mail')
  const [mail] = await Promise.all([drawing.mailOf(id, version), drawing.mailReady()])
  return { kind: 'ready', mail, View: drawing.MailView }
}

/** `text`: what lists and search know of it; shown until the mail is there, and beside a failure. `version`: of what became of it; it is fetched anew
 * with another one. `onShown`: hears which attachments stand in the mail as pictures, and whether it says itself who has not got it. */
export function MailOf({ id, text, version = '', onShown }: { id: Id; text: string; version?: string; onShown?: (inside: readonly Id[], isTold: boolean) => void }) {
  const [state, setState] = useState<State>({ kind: 'waiting' })
  const [turn, setTurn] = useState(0)
  const place = useRef<HTMLDivElement>(null)
  useEffect(() => {
    const element = place.current
    if (!element) return
    let isGone = false
    const begin = (): void => {
      watch.disconnect()
      load(id, version).then(
        (found) => void (isGone || setState(found)),
        (error: unknown) => void (isGone || setState({ kind: 'failed', why: error instanceof ApiError && error.status ? error.message : t('error.chunk') })),
      )
    }
    const watch = new IntersectionObserver((entries) => void (entries.some((one) => one.isIntersecting) && begin()), { rootMargin: AHEAD })
    watch.observe(element)
    return () => {
      isGone = true
      watch.disconnect()
    }
  }, [id, turn])
  useEffect(() => {
    if (state.kind !== 'ready') return
    let isGone = false
    load(id, version).then((found) => void (isGone || setState(found)), () => undefined) // what is shown stays
    return () => {
      isGone = true
    }
  }, [version])
  useEffect(() => {
    if (state.kind === 'ready') onShown?.(shownInside(state.mail), state.mail.recipients.some(isTold))
  }, [state])
  if (state.kind === 'ready') return <state.View id={id} mail={state.mail} />
  return (
    <div ref={place} class="mail-waiting" aria-busy={state.kind === 'waiting'}>
      {state.kind === 'failed' ? <Problem text={state.why} onRetry={() => { setState({ kind: 'waiting' }); setTurn(turn + 1) }} /> : null}
      <div class="message-text" dir="auto">
        {linkParts(text, []).map((part, at) => (part.kind === 'link' ? <a key={at} href={part.href} target="_blank" rel="noopener noreferrer nofollow">{part.text}</a> : part.text))}
      </div>
    </div>
  )
}
