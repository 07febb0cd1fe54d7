// The body of a mail that is written: formatted or plain. Going to plain keeps the words; coming straight back brings the formatting back, too.
import type { ComponentChildren, RefObject } from 'preact'
import { useRef } from 'preact/hooks'
import '../style/mail_compose.css'
import { RichField, type RichHandle } from './rich'
import { htmlFromText } from './rich_text'
import { mt } from './words'

export { mailWords as composeReady } from './words'

/** `html` is "" when the mail is plain text. `text` always goes out, beside the HTML or alone. */
export interface Body { html: string; text: string; isRich: boolean }
export interface BodyProps {
  body: Body
  onChange: (body: Body) => void
  pictures?: ReadonlyMap<string, string>
  onFiles?: (files: FileList) => void
  placeholder?: string
  handle?: RefObject<RichHandle>
  /** beside the choice of formatted and plain */
  aside?: ComponentChildren
  isRichOnly?: boolean
}

const TEXT_MAX = 200_000

export function BodyField({ body, onChange, pictures, onFiles, placeholder, handle, aside, isRichOnly }: BodyProps) {
  const formatted = useRef<{ html: string; text: string } | null>(null)
  const own = useRef<RichHandle>(null)
  const rich = handle ?? own
  const toPlain = (): void => {
    if (!body.isRich) return
    const written = rich.current?.read() ?? body
    formatted.current = { html: written.html, text: written.text }
    onChange({ isRich: false, html: '', text: written.text })
  }
  const toRich = (): void => {
    if (body.isRich) return
    const before = formatted.current?.text === body.text ? formatted.current.html : null
    onChange({ isRich: true, html: before ?? htmlFromText(body.text), text: body.text })
  }
  const loses = body.isRich && /<(?!\/|p>|br>)/.test(body.html)
  return (
    <div class="mail-body">
      <div class="mail-body-mode" role="group" aria-label={mt('rich.mode')}>
        {isRichOnly ? null : <button type="button" aria-pressed={body.isRich} onClick={toRich}>{mt('rich.rich')}</button>}
        {isRichOnly ? null : <button type="button" aria-pressed={!body.isRich} {...(loses ? { title: mt('rich.lose') } : {})} onClick={toPlain}>{mt('rich.plain')}</button>}
        {aside}
      </div>
      {body.isRich ? (
        <RichField html={body.html} text={body.text} onChange={(written) => onChange({ ...written, isRich: true })} handle={rich} {...(pictures ? { pictures } : {})} {...(onFiles ? { onFiles } : {})} {...(placeholder ? { placeholder } : {})} />
      ) : (
        <textarea
          class="mail-plain" dir="auto" rows={6} maxLength={TEXT_MAX} aria-label={mt('rich.field')} value={body.text} placeholder={placeholder ?? ''}
          onInput={(event) => onChange({ isRich: false, html: '', text: event.currentTarget.value })}
          onPaste={(event) => {
            const files = event.clipboardData?.files
            if (!files?.length || !onFiles) return
            event.preventDefault()
            onFiles(files)
          }}
        />
      )}
    </div>
  )
}
