// A page with nothing but the parts of mails on it, for tests/e2e/console_mail*.test.mjs: bundled there, served under the console's own address and policy.
import { signal } from '@preact/signals'
import { render } from 'preact'
import '../style/tokens.css'
import '../style/base.css'
import '../style/conversation.css'
import '../style/mail.css'
import '../style/mail_compose.css'
import { AttachmentView } from '../conversation/attachment'
import { setLocale } from '../lib/i18n'
import type { Attachment } from '../lib/types'
import { BodyField, type Body } from '../mail/body_field'
import { MailOf } from '../mail/entry'
import { MailView } from '../mail/mail'
import { QuotePreview, SignaturePreview } from '../mail/previews'
import { Recipients, SubjectField, type People } from '../mail/recipients'
import { readMail } from '../mail/types'
import { mailWords } from '../mail/words'
import type { RichHandle } from '../mail/rich'

const root = document.getElementById('stage') as HTMLElement
const soon = (): Promise<void> => new Promise((resolve) => setTimeout(resolve, 5))

async function laidOut(): Promise<void> {
  for (let tries = 0; tries < 4000; tries++) {
    const frame = root.querySelector('iframe')
    if (!frame || frame.contentDocument?.querySelector('[data-seva-body]')) return
    await soon()
  }
  throw new Error('the mail was not laid out')
}

let count = 0
/** Shows an answer of the API and resolves when it lies on its sheet. */
async function showMail(answer: Record<string, unknown>): Promise<void> {
  render(null, root)
  const id = String(++count)
  render(<div class="message message-in"><div class="message-main"><div class="message-bubble"><MailView id={id} mail={readMail({ message_id: id, ...answer })} /></div></div></div>, root)
  await laidOut()
}

function showEntry(id: string, text: string): void {
  render(null, root)
  render(<MailOf id={id} text={text} />, root)
}

/** A file of a message, as the timeline shows it. */
function showFile(attachment: Attachment): void {
  render(null, root)
  render(<div class="message message-in"><div class="message-main"><div class="message-files"><AttachmentView attachment={attachment} /></div></div></div>, root)
}

const people = signal<People>({ to: [], cc: [], bcc: [] })
const subject = signal('')
const body = signal<Body>({ isRich: true, html: '', text: '' })
const isQuoted = signal(true)
const handle: { current: RichHandle | null } = { current: null }

function Compose({ answered, signature, pictures }: { answered: Record<string, unknown>; signature: string; pictures: Record<string, string> }) {
  return (
    <section class="composer"><div class="composer-box">
      <Recipients people={people.value} onChange={(next) => void (people.value = next)} />
      <SubjectField subject={subject.value} isNew onChange={(next) => void (subject.value = next)} />
      <BodyField body={body.value} onChange={(next) => void (body.value = next)} handle={handle} pictures={new Map(Object.entries(pictures))} placeholder="Write here" />
      <SignaturePreview html={signature} />
      <QuotePreview mail={readMail(answered)} isIncluded={isQuoted.value} onChange={(next) => void (isQuoted.value = next)} />
    </div></section>
  )
}

function showCompose(start: { people?: People; body?: Body; signature?: string; answered?: Record<string, unknown>; pictures?: Record<string, string> } = {}): void {
  render(null, root)
  people.value = start.people ?? { to: [], cc: [], bcc: [] }
  subject.value = ''
  body.value = start.body ?? { isRich: true, html: '', text: '' }
  render(<Compose answered={start.answered ?? {}} signature={start.signature ?? ''} pictures={start.pictures ?? {}} />, root)
}

const written = () => ({ people: people.value, subject: subject.value, body: body.value, isQuoted: isQuoted.value, now: handle.current?.read() })

async function begin(): Promise<void> {
  const wanted = new URLSearchParams(location.search)
  if (wanted.has('dark')) document.documentElement.dataset['theme'] = 'dark'
  await Promise.all([setLocale((wanted.get('locale') ?? 'en') as 'en'), mailWords()])
  await mailWords()
  Object.assign(window, { stage: { showMail, showEntry, showFile, laidOut, showCompose, written, insertHtml: (html: string) => handle.current?.insertHtml(html) } })
}
void begin()
