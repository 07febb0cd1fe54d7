// A mail that came as a file of a message (.eml): read where it stands, on the same sheet as every mail (frame.tsx), with its own files below it, and the
// mails among those in their turn. Its own pictures stand where it shows them. Nobody has checked its sender; nothing of it is fetched from elsewhere. Loaded
// with the first such file.
import type { FunctionComponent } from 'preact'
import { useSignal } from '@preact/signals'
import { useEffect, useId } from 'preact/hooks'
import { Icon } from '../ui/icon'
import { Problem, Spinner, Words } from '../ui/parts'
import { get } from '../lib/api'
import { bytes, dateTime } from '../lib/format'
import type { Id } from '../lib/types'
import { errorText } from '../state/toasts'
import { carriedFile, readCarried, type Carried, type CarriedFile } from './carried_answer'
import { People } from './details'
import { MailBody } from './mail'
import { mailWords, mt } from './words'

/** Mails inside mails that are offered; the server reads no deeper. */
const DEPTH_MOST = 5

function InsideFile({ id, within, file, depth }: { id: Id; within: string; file: CarriedFile; depth: number }) {
  return (
    <li>
      <a class="file" href={`/api/v1/attachments/${carriedFile(id, within, file.part)}`} download={file.name}>
        <Icon name="file" size={18} />
        <Words text={file.name} class="file-name" />
        <span class="file-size">{bytes(file.size)}</span>
        <Icon name="download" size={16} />
      </a>
      {file.is_mail && depth < DEPTH_MOST ? <Reading id={id} within={within ? `${within}.${file.part}` : String(file.part)} depth={depth + 1} /> : null}
    </li>
  )
}

function Inside({ id, within, depth }: { id: Id; within: string; depth: number }) {
  const mail = useSignal<Carried | null>(null)
  const problem = useSignal<string | null>(null)
  const turn = useSignal(0)
  useEffect(() => {
    let isGone = false
    get<unknown>(`/attachments/${id}/mail${within ? `?within=${within}` : ''}`).then(
      (answer) => void (isGone || (mail.value = readCarried(answer, id, within))),
      (error: unknown) => void (isGone || (problem.value = errorText(error))),
    )
    return () => void (isGone = true)
  }, [id, within, turn.value])
  const found = mail.value
  if (problem.value) return <Problem text={problem.value} onRetry={() => { problem.value = null; turn.value++ }} />
  if (!found) return <Spinner />
  return (
    <section class="mail mail-carried" aria-label={mt('mail.label', { name: found.mail.from.name || found.mail.from.address })}>
      <dl class="mail-facts">
        {found.mail.subject ? <div><dt>{mt('details.subject')}</dt><dd><Words text={found.mail.subject} /></dd></div> : null}
        <People label={mt('details.from')} people={[found.mail.from]} />
        <People label={mt('details.to')} people={found.mail.to} />
        <People label={mt('details.cc')} people={found.mail.cc} />
        {found.mail.date ? <div><dt>{mt('details.date')}</dt><dd>{dateTime(found.mail.date)}</dd></div> : null}
      </dl>
      <p class="mail-note"><Icon name="alert" size={14} /> <span>{mt('carried.unchecked')}</span></p>
      {found.mail.degraded ? <p class="mail-note mail-note-warn"><Icon name="alert" size={14} /> <span>{mt('mail.degraded')} <bdi dir="auto">{found.mail.degraded}</bdi></span></p> : null}
      <MailBody id={`${id}/${within}`} mail={found.mail} isCarried />
      {found.files.length ? <ul class="mail-carried-files">{found.files.map((one) => <InsideFile key={one.part} id={id} within={within} file={one} depth={depth} />)}</ul> : null}
    </section>
  )
}

function Reading({ id, within, depth }: { id: Id; within: string; depth: number }) {
  const isOpen = useSignal(false)
  const place = useId()
  return (
    <div class={isOpen.value ? 'mail-carried-place mail-carried-open' : 'mail-carried-place'}>
      <button type="button" class="mail-toggle" aria-expanded={isOpen.value} aria-controls={place} onClick={() => void (isOpen.value = !isOpen.value)}>
        {isOpen.value ? mt('carried.close') : mt('carried.read')}
      </button>
      <div id={place}>{isOpen.value ? <Inside id={id} within={within} depth={depth} /> : null}</div>
    </div>
  )
}

function CarriedMail({ id }: { id: Id }) {
  return <Reading id={id} within="" depth={0} />
}

/** With its words. */
export const carriedMail = (): Promise<FunctionComponent<{ id: Id }>> => mailWords().then(() => CarriedMail)
