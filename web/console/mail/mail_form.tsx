// A mail outside of a conversation: a new one, or one that is passed on. Whom it goes to, its subject, its text and files, and what goes out below.
import { useSignal } from '@preact/signals'
import { useEffect, useMemo, useRef } from 'preact/hooks'
import { Icon } from '../ui/icon'
import { Button, IconButton, Words } from '../ui/parts'
import { get } from '../lib/api'
import { bytes } from '../lib/format'
import { t } from '../lib/i18n'
import type { Attachment, Id } from '../lib/types'
import type { MailTemplate, MailWriting } from '../../shared/api/types'
import { emptyMail, fillPlaceholders, filesOf, pictureId, postedMail, type MailAddress, type PostedMail } from '../state/mail_draft'
import { complain, errorText } from '../state/toasts'
import { sendFile } from '../state/uploads'
import { SendLater } from '../conversation/send_later'
import { BodyField, type Body } from './body_field'
import { TemplateMenu } from './compose'
import { forwardLine, QuotePreview, SignaturePreview } from './previews'
import { areSendable, Recipients, SubjectField, type People } from './recipients'
import type { RichHandle } from './rich'
import type { Mail } from './types'

export interface Filled { to: MailAddress[]; text: string; mail: PostedMail; files: Id[]; without: Id[]; at: string | null }
interface FormProps {
  channel: Id
  contact: Id | null
  /** settled; empty: the writer says it */
  to: MailAddress[]
  subject: string
  /** what is passed on, and its files */
  quoted: Mail | null
  kept: readonly Attachment[]
  onSend: (filled: Filled) => Promise<void>
  onClose: () => void
}

const isPicture = (file: File): boolean => /^image\/(png|jpeg|gif|webp)$/.test(file.type)

interface Uploading { name: string }

/** Files of this form: none of them is kept when it is closed. */
function useFiles() {
  const ready = useSignal<Attachment[]>([])
  const onTheirWay = useSignal<Uploading[]>([])
  const abort = useMemo(() => new AbortController(), [])
  useEffect(() => () => abort.abort(), [])
  const add = (files: Iterable<File>, onDone?: (one: Attachment) => void): void => {
    for (const file of files) {
      const upload: Uploading = { name: file.name }
      onTheirWay.value = [...onTheirWay.peek(), upload]
      sendFile(file, abort.signal, () => undefined).then(({ attachment }) => {
        ready.value = [...ready.peek(), attachment]
        onDone?.(attachment)
      }, (error: unknown) => { if (!abort.signal.aborted) complain(error) }).finally(() => void (onTheirWay.value = onTheirWay.peek().filter((one) => one !== upload)))
    }
  }
  return { ready, onTheirWay, add }
}

function FileRow({ file, onRemove }: { file: Attachment; onRemove: () => void }) {
  return (
    <li class="composer-file">
      {file.thumbnail_url ? <img src={file.thumbnail_url} alt="" /> : <Icon name="file" size={16} />}
      <Words text={file.name} class="file-name" />
      <span class="file-size">{bytes(file.size)}</span>
      <IconButton icon="close" size={14} label={t('file.remove', { name: file.name })} onClick={onRemove} />
    </li>
  )
}

export function MailForm({ channel, contact, to, subject: standard, quoted, kept, onSend, onClose }: FormProps) {
  const writing = useSignal<MailWriting | null>(null)
  const people = useSignal<People>({ to, cc: [], bcc: [] })
  const subject = useSignal(standard)
  const body = useSignal<Body>({ isRich: true, html: '', text: '' })
  const pictured = useSignal<Id[]>([])
  const without = useSignal<Id[]>([])
  const error = useSignal<string | null>(null)
  const isBusy = useSignal(false)
  const isPlanning = useSignal(false)
  const handle = useRef<RichHandle>(null)
  const picker = useRef<HTMLInputElement>(null)
  const pictures = useMemo(() => new Map<string, string>(), [])
  const files = useFiles()
  useEffect(() => {
    get<MailWriting>(`/channels/${channel}/mail`, contact ? { contact_id: contact } : undefined).then((found) => void (writing.value = found), complain)
  }, [channel, contact])
  const take = (list: Iterable<File>): void => {
    const all = Array.from(list)
    const shown = body.peek().isRich ? all.filter(isPicture) : []
    files.add(shown, (one) => {
      if (!one.url || !handle.current) return
      pictures.set(pictureId(one.id), one.url)
      pictured.value = [...pictured.peek(), one.id]
      void handle.current.insertHtml(`<img src="cid:${pictureId(one.id)}" alt="">`)
    })
    files.add(all.filter((one) => !shown.includes(one)))
  }
  const pick = (template: MailTemplate): void => {
    const first = people.peek().to[0]
    const values = { ...writing.peek()?.values, ...(first?.name && !contact ? { 'contact.name': first.name, 'contact.first_name': first.name.split(' ')[0] ?? '' } : {}) }
    if (template.subject && !quoted) subject.value = fillPlaceholders(template.subject, values, false)
    const html = fillPlaceholders(template.html, values, true)
    if (handle.current) void handle.current.insertHtml(html)
    else body.value = { isRich: true, html: body.peek().html + html, text: body.peek().text }
  }
  const isBlocked = isBusy.value || files.onTheirWay.value.length > 0 || !areSendable(people.value) || !people.value.to.length || !subject.value.trim() || (!quoted && !body.value.text.trim() && !files.ready.value.length)
  const send = async (at: string | null): Promise<void> => {
    handle.current?.tell()
    const now = body.peek()
    const mail = { ...emptyMail(), subject: subject.peek(), isRich: now.isRich, html: now.html, cc: people.peek().cc, bcc: people.peek().bcc, isQuoted: false, pictures: pictured.peek() }
    isBusy.value = true
    error.value = null
    try {
      await onSend({ to: people.peek().to, text: now.text, mail: postedMail(mail, null, ''), files: filesOf(mail, files.ready.peek()).map((one) => one.id), without: without.peek(), at })
    } catch (cause) {
      error.value = errorText(cause)
    }
    isBusy.value = false
  }
  const isListed = (one: Attachment): boolean => !pictured.value.includes(one.id)
  return (
    <>
      <form class="mail-form" onSubmit={(event) => { event.preventDefault(); if (!isBlocked) void send(null) }}>
        <div class="composer-box" onDragOver={(event) => { if (!quoted) event.preventDefault() }} onDrop={(event) => { event.preventDefault(); if (!quoted && event.dataTransfer?.files.length) take(event.dataTransfer.files) }}>
          <Recipients people={people.value} isToFixed={to.length > 0} onChange={(next) => void (people.value = next)} />
          <SubjectField subject={subject.value} isNew onChange={(next) => void (subject.value = next)} />
          <BodyField body={body.value} onChange={(next) => void (body.value = next)} handle={handle} pictures={pictures} {...(quoted ? {} : { onFiles: (list: FileList) => take(list) })} aside={<TemplateMenu channel={channel} onPick={pick} />} />
          <SignaturePreview html={writing.value?.signature ?? ''} />
          {quoted ? <QuotePreview mail={quoted} line={forwardLine(quoted)} isIncluded onChange={null} /> : null}
          {kept.length || files.ready.value.some(isListed) || files.onTheirWay.value.length ? (
            <ul class="composer-files" aria-label={t('composer.files')}>
              {kept.filter((one) => !without.value.includes(one.id)).map((one) => <FileRow key={one.id} file={one} onRemove={() => void (without.value = [...without.peek(), one.id])} />)}
              {files.ready.value.filter(isListed).map((one) => <FileRow key={one.id} file={one} onRemove={() => void (files.ready.value = files.ready.peek().filter((other) => other.id !== one.id))} />)}
              {files.onTheirWay.value.map((one) => <li key={one.name} class="composer-file"><Icon name="file" size={16} /><Words text={one.name} class="file-name" /><progress aria-label={t('file.progress', { name: one.name })} /></li>)}
            </ul>
          ) : null}
        </div>
        {error.value ? <p class="field-error" role="alert">{error.value}</p> : null}
        <div class="dialog-actions">
          {quoted ? null : (
            <>
              <IconButton icon="attach" label={t('composer.attach')} onClick={() => picker.current?.click()} />
              <input ref={picker} type="file" multiple hidden tabIndex={-1} aria-label={t('composer.attach')} onChange={(event) => { files.add(event.currentTarget.files ?? []); event.currentTarget.value = '' }} />
            </>
          )}
          <Button onClick={onClose}>{t('common.cancel')}</Button>
          <Button icon="clock" disabled={isBlocked} onClick={() => void (isPlanning.value = true)}>{t('send_later.title')}</Button>
          <Button type="submit" tone="primary" icon="send" disabled={isBlocked}>{t('composer.send')}</Button>
        </div>
      </form>
      {isPlanning.value ? <SendLater onPick={(at) => { isPlanning.value = false; void send(at) }} onClose={() => void (isPlanning.value = false)} /> : null}
    </>
  )
}
