// Where a mail is written in the composer: to whom, its subject, the text with its formatting and pictures, the mailbox's texts, and what goes out below.
// Loaded with the first conversation of a mailbox (compose_entry.tsx).
import { useSignal } from '@preact/signals'
import { useEffect, useLayoutEffect, useMemo } from 'preact/hooks'
import { Icon } from '../ui/icon'
import { Menu } from '../ui/menu'
import type { Attachment, Conversation } from '../lib/types'
import type { MailTemplate } from '../../shared/api/types'
import type { Desk } from '../conversation/desk'
import { catchUp, changeDraft } from '../state/drafts'
import { attribute, emptyMail, fillPlaceholders, loadWriting, pictureId, tellers, writingOf, type MailDraft } from '../state/mail_draft'
import { focusRequest, takeFocus } from '../state/overlays'
import { noteStopped, noteTyping } from '../state/presence'
import { getAll } from '../state/reference'
import { complain } from '../state/toasts'
import { addFiles, type Advice } from '../state/uploads'
import { BodyField, type Body } from './body_field'
import { mailOf } from './load'
import { QuotePreview, SignaturePreview, wroteLine } from './previews'
import { Recipients, SubjectField } from './recipients'
import { htmlFromText } from './rich_text'
import type { Mail } from './types'
import { mailWords, mt } from './words'

/** Resolves when a mail to this conversation's people can be written. */
export const composeReady = (conversation: string): Promise<unknown> => Promise.all([mailWords(), loadWriting(conversation)])

const isPicture = (file: { type: string }): boolean => /^image\/(png|jpeg|gif|webp)$/.test(file.type)

/** Where the pictures of the text are found; the field keeps the one map and finds in it what was added since. */
function usePictures(files: readonly Attachment[]): Map<string, string> {
  const pictures = useMemo(() => new Map<string, string>(), [])
  for (const one of files) if (one.url) pictures.set(pictureId(one.id), one.url)
  return pictures
}

function Subject({ mail, standard, onChange }: { mail: MailDraft; standard: string; onChange: (subject: string) => void }) {
  const isOpen = useSignal(false)
  const shown = mail.subject ?? standard
  if (isOpen.value || !standard) return <SubjectField subject={shown} isNew={!standard} onChange={onChange} />
  return (
    <div class="subject-row">
      <span class="recipients-label">{mt('compose.subject')}</span>
      <button type="button" class="subject-shown" title={shown} aria-label={mt('compose.change_subject', { subject: shown })} onClick={() => void (isOpen.value = true)}>
        <bdi dir="auto">{shown}</bdi> <Icon name="edit" size={13} />
      </button>
    </div>
  )
}

/** The texts that the mailbox keeps ready; nothing where there are none. */
export function TemplateMenu({ channel, onPick }: { channel: string; onPick: (template: MailTemplate) => void }) {
  const all = useSignal<MailTemplate[]>([])
  useEffect(() => {
    let isGone = false
    getAll<MailTemplate>(`/channels/${channel}/mail_templates`).then((found) => { if (!isGone) all.value = found }, complain)
    return () => {
      isGone = true
    }
  }, [channel])
  if (!all.value.length) return null
  return <Menu label={mt('compose.templates')} icon="template" items={all.value.map((one) => ({ label: one.name, run: () => onPick(one) }))} />
}

function useQuoted(id: string | null): Mail | null {
  const quoted = useSignal<Mail | null>(null)
  useEffect(() => {
    quoted.value = null
    let isGone = false
    if (id) void mailOf(id).then((mail) => { if (!isGone) quoted.value = mail }, () => undefined)
    return () => {
      isGone = true
    }
  }, [id])
  return quoted.value
}

export function MailCompose({ desk, conversation, advice }: { desk: Desk; conversation: Conversation; advice: () => Advice }) {
  const draft = desk.draft.value
  const writing = writingOf(desk.id).value
  const mail = draft.mail ?? { ...emptyMail(), html: htmlFromText(draft.reply) }
  const pictures = usePictures(draft.attachments)
  const quoted = useQuoted(writing?.quote_id ?? null)
  // What came in since may have changed whom it goes to and what is answered.
  useEffect(() => void loadWriting(desk.id).catch(() => undefined), [desk.id, conversation.last_message_id])
  useEffect(() => {
    if (quoted) attribute(desk.id, wroteLine(quoted))
  }, [quoted, desk.id])
  useEffect(() => {
    tellers.set(desk.id, () => desk.rich.current?.tell())
    return () => void tellers.delete(desk.id)
  }, [desk])
  const asked = focusRequest.value
  useLayoutEffect(() => {
    if (desk.rich.current && takeFocus(asked, 'composer', desk.id)) desk.rich.current.focus()
  }, [asked, desk])
  const now = (): MailDraft => desk.draft.peek().mail ?? mail
  const change = (what: Partial<MailDraft>): void => changeDraft(desk.id, { mail: { ...now(), ...what } })
  const write = (body: Body): void => {
    noteTyping()
    desk.write(body.text)
    change({ html: body.html, isRich: body.isRich })
  }
  const showPicture = (file: Attachment): void => {
    if (!file.url || !desk.rich.current) return
    pictures.set(pictureId(file.id), file.url)
    change({ pictures: [...now().pictures, file.id] })
    void desk.rich.current.insertHtml(`<img src="cid:${pictureId(file.id)}" alt="">`)
  }
  const take = (files: FileList): void => {
    const [shown, others] = [Array.from(files).filter(isPicture), Array.from(files).filter((file) => !isPicture(file))]
    if (mail.isRich) addFiles(desk.id, shown, advice(), showPicture)
    addFiles(desk.id, mail.isRich ? others : files, advice())
  }
  const pick = (template: MailTemplate): void => {
    const values = writing?.values ?? {}
    if (template.subject) change({ subject: fillPlaceholders(template.subject, values, false) })
    const html = fillPlaceholders(template.html, values, true)
    if (desk.rich.current) void desk.rich.current.insertHtml(html)
    else change({ html: mail.html + html, isRich: true })
  }
  return (
    <div class="mail-compose" data-draft={desk.id} onFocusOut={(event) => { if (!(event.currentTarget as Element).contains(event.relatedTarget as Node | null)) { noteStopped(); catchUp(desk.id) } }}>
      <Recipients
        isToFixed
        people={{ to: writing?.to ? [writing.to] : [], cc: mail.cc ?? writing?.cc ?? [], bcc: mail.bcc }}
        onChange={(people) => change({ cc: people.cc, bcc: people.bcc })}
      />
      <Subject mail={mail} standard={writing?.subject ?? ''} onChange={(subject) => change({ subject })} />
      <BodyField
        key={desk.id}
        body={{ html: mail.isRich ? mail.html : '', text: draft.reply, isRich: mail.isRich }}
        onChange={write} pictures={pictures} onFiles={take} handle={desk.rich}
        aside={<TemplateMenu channel={conversation.channel.id} onPick={pick} />}
      />
      <SignaturePreview html={writing?.signature ?? ''} />
      {quoted ? <QuotePreview mail={quoted} isIncluded={mail.isQuoted} onChange={(isQuoted) => change({ isQuoted })} /> : null}
    </div>
  )
}
