// Texts that a mailbox keeps ready for its agents: named, with a subject and placeholders.
import { useSignal } from '@preact/signals'
import { useEffect } from 'preact/hooks'
import { Button, Confirm, Dialog, Field, IconButton, Problem, Spinner } from '../../ui/parts'
import { del, patch, post } from '../../lib/api'
import { t } from '../../lib/i18n'
import type { Id } from '../../lib/types'
import type { MailTemplate } from '../../../shared/api/types'
import { BodyField, composeReady, type Body } from '../../mail/body_field'
import { mt } from '../../mail/words'
import { getAll } from '../../state/reference'
import { complain, errorText } from '../../state/toasts'
import { Section } from '../common'

const PLACEHOLDERS = ['{{contact.name}}', '{{contact.first_name}}', '{{agent.name}}', '{{agent.first_name}}', '{{channel.name}}']

function Editor({ channel, template, onDone, onClose }: { channel: Id; template: MailTemplate | null; onDone: () => void; onClose: () => void }) {
  const name = useSignal(template?.name ?? '')
  const subject = useSignal(template?.subject ?? '')
  const body = useSignal<Body>({ isRich: true, html: template?.html ?? '', text: '' })
  const error = useSignal<string | null>(null)
  const isBusy = useSignal(false)
  const save = async (): Promise<void> => {
    const given = { name: name.peek().trim(), subject: subject.peek().trim(), html: body.peek().html }
    isBusy.value = true
    try {
      if (template) await patch(`/mail_templates/${template.id}`, given)
      else await post(`/channels/${channel}/mail_templates`, given)
      onDone()
    } catch (cause) {
      error.value = errorText(cause)
    }
    isBusy.value = false
  }
  const label = template ? mt('templates.change') : mt('templates.add')
  return (
    <Dialog label={label} onClose={onClose} class="dialog-mail">
      <h2>{label}</h2>
      <form onSubmit={(event) => { event.preventDefault(); void save() }}>
        <Field label={mt('templates.name')}>{(props) => <input {...props} type="text" dir="auto" required autofocus maxLength={100} value={name} onInput={(event) => void (name.value = event.currentTarget.value)} />}</Field>
        <Field label={mt('compose.subject')} hint={mt('templates.subject_hint')}>{(props) => <input {...props} type="text" dir="auto" maxLength={250} value={subject} onInput={(event) => void (subject.value = event.currentTarget.value)} />}</Field>
        <div class="composer-box"><BodyField isRichOnly body={body.value} onChange={(next) => void (body.value = next)} /></div>
        <p class="settings-hint">{mt('templates.placeholders')} {PLACEHOLDERS.map((one) => <span key={one}><code dir="ltr">{one}</code> </span>)}</p>
        {error.value ? <p class="field-error" role="alert">{error.value}</p> : null}
        <div class="dialog-actions">
          <Button onClick={onClose}>{t('common.cancel')}</Button>
          <Button type="submit" tone="primary" disabled={isBusy.value || !name.value.trim()}>{t('common.save')}</Button>
        </div>
      </form>
    </Dialog>
  )
}

export function MailTemplates({ channel }: { channel: Id }) {
  const all = useSignal<MailTemplate[] | null>(null)
  const problem = useSignal<string | null>(null)
  const edited = useSignal<MailTemplate | 'new' | null>(null)
  const removed = useSignal<MailTemplate | null>(null)
  const load = (): void => {
    Promise.all([getAll<MailTemplate>(`/channels/${channel}/mail_templates`), composeReady()]).then(([found]) => void (all.value = found), (error: unknown) => void (problem.value = errorText(error)))
  }
  useEffect(load, [channel])
  if (problem.value) return <Problem text={problem.value} onRetry={() => { problem.value = null; load() }} />
  if (!all.value) return <Spinner label={t('common.loading')} />
  const close = (): void => void (edited.value = null)
  return (
    <Section title={mt('templates.title')} hint={mt('templates.hint')}>
      {all.value.length ? (
        <ul class="rows">
          {all.value.map((one) => (
            <li key={one.id} class="rows-row">
              <span class="rows-main"><strong><bdi dir="auto">{one.name}</bdi></strong>{one.subject ? <small><bdi dir="auto">{one.subject}</bdi></small> : null}</span>
              <IconButton icon="edit" label={mt('templates.change_one', { name: one.name })} onClick={() => void (edited.value = one)} />
              <IconButton icon="trash" label={mt('templates.remove_one', { name: one.name })} onClick={() => void (removed.value = one)} />
            </li>
          ))}
        </ul>
      ) : <p class="settings-empty">{mt('templates.none')}</p>}
      <Button small icon="plus" onClick={() => void (edited.value = 'new')}>{mt('templates.add')}</Button>
      {edited.value ? <Editor channel={channel} template={edited.value === 'new' ? null : edited.value} onDone={() => { close(); load() }} onClose={close} /> : null}
      {removed.value ? (
        <Confirm
          title={mt('templates.remove_title')} text={mt('templates.remove_text', { name: removed.value.name })} action={t('common.delete')} onClose={() => void (removed.value = null)}
          onConfirm={() => void del(`/mail_templates/${removed.value?.id ?? ''}`).then(load, complain)}
        />
      ) : null}
    </Section>
  )
}
