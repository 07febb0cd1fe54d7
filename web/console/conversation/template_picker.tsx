// A message of the network's approved templates: chosen, its variables filled, seen as the customer will see it, sent.
import { useSignal } from '@preact/signals'
import { useEffect } from 'preact/hooks'
import { Button, Chip, Dialog, Field, Problem, Spinner, Words } from '../ui/parts'
import { languageName } from '../lib/format'
import { t } from '../lib/i18n'
import { nt } from '../lib/network_words'
import type { MessageTemplate } from '../lib/network_types'
import { closeOverlay, overlay } from '../state/overlays'
import { getAll } from '../state/reference'
import { sendParts } from '../state/sending'
import { conversations } from '../state/store'
import { errorText } from '../state/toasts'
import { filled, variablesOf } from './template_text'

const isApproved = (one: MessageTemplate): boolean => one.state.toLowerCase() === 'approved'
const keyOf = (one: MessageTemplate): string => one.name + '/' + one.language

function Preview({ template, values }: { template: MessageTemplate; values: Record<string, string> }) {
  return (
    <figure class="template-preview">
      <figcaption>{nt('template.preview')}</figcaption>
      <div class="message-bubble">
        {template.header ? <strong class="template-line" dir="auto">{filled(template.header, values)}</strong> : null}
        <span class="template-line" dir="auto">{filled(template.body, values)}</span>
        {template.footer ? <small class="template-line" dir="auto">{template.footer}</small> : null}
        {template.buttons.length ? <div class="part-buttons"><ul>{template.buttons.map((one) => <li key={one}><Words text={one} /></li>)}</ul></div> : null}
      </div>
    </figure>
  )
}

export interface TemplatePart extends Record<string, unknown> { type: 'template'; name: string; language: string; variables: Record<string, string> }
type OnSend = (part: TemplatePart) => void

function Filling({ template, onSend, onBack }: { template: MessageTemplate; onSend: OnSend; onBack: () => void }) {
  const values = useSignal<Record<string, string>>({})
  const names = variablesOf(template)
  const isComplete = names.every((name) => values.value[name]?.trim())
  const send = (): void => {
    const variables = Object.fromEntries(names.map((name) => [name, values.peek()[name]?.trim() ?? '']))
    onSend({ type: 'template', name: template.name, language: template.language, variables })
  }
  return (
    <form onSubmit={(event) => { event.preventDefault(); if (isComplete) send() }}>
      <p class="settings-hint"><bdi dir="ltr">{template.name}</bdi> · {languageName(template.language.replace('_', '-'))}</p>
      {names.map((name, at) => (
        <Field key={name} label={nt('template.variable', { name })}>
          {(props) => <input {...props} type="text" dir="auto" required maxLength={1024} autofocus={at === 0} value={values.value[name] ?? ''} onInput={(event) => void (values.value = { ...values.peek(), [name]: event.currentTarget.value })} />}
        </Field>
      ))}
      <Preview template={template} values={values.value} />
      <div class="dialog-actions">
        <Button icon="back" onClick={onBack}>{t('command.back')}</Button>
        <Button type="submit" tone="primary" icon="send" disabled={!isComplete}>{nt('template.send')}</Button>
      </div>
    </form>
  )
}

/** A channel's approved templates: one is chosen, filled and handed to onSend. */
export function Templates({ channel, onSend, onCancel }: { channel: string; onSend: OnSend; onCancel: () => void }) {
  const all = useSignal<MessageTemplate[] | null>(null)
  const problem = useSignal<string | null>(null)
  const query = useSignal('')
  const chosen = useSignal<MessageTemplate | null>(null)
  const load = (): void => {
    problem.value = null
    getAll<MessageTemplate>(`/channels/${channel}/templates`).then((found) => void (all.value = found), (error: unknown) => void (problem.value = errorText(error)))
  }
  useEffect(load, [channel])
  const wanted = query.value.trim().toLocaleLowerCase()
  const shown = all.value?.filter((one) => isApproved(one) && (one.name + ' ' + one.body).toLocaleLowerCase().includes(wanted)) ?? []
  if (chosen.value) return <Filling template={chosen.value} onSend={onSend} onBack={() => void (chosen.value = null)} />
  return (
    <>
      {problem.value ? <Problem text={problem.value} onRetry={load} /> : all.value ? (
        <>
          <Field label={nt('template.search')}>{(props) => <input {...props} type="search" dir="auto" autofocus onInput={(event) => void (query.value = event.currentTarget.value)} />}</Field>
          {shown.length === 0 ? <p class="settings-empty">{nt('template.none')}</p> : null}
          <ul class="rows template-list">
            {shown.map((one) => (
              <li key={keyOf(one)}>
                <button type="button" class="template-row" onClick={() => void (chosen.value = one)}>
                  <strong><bdi dir="ltr">{one.name}</bdi></strong> <Chip>{languageName(one.language.replace('_', '-'))}</Chip>
                  <span class="template-line" dir="auto">{one.body}</span>
                </button>
              </li>
            ))}
          </ul>
        </>
      ) : <Spinner />}
      <div class="dialog-actions"><Button onClick={onCancel}>{t('common.cancel')}</Button></div>
    </>
  )
}

export function TemplatePicker() {
  const layer = overlay.value
  const id = layer?.kind === 'template' ? layer.conversation : ''
  const send: OnSend = (part) => {
    sendParts(id, [part])
    closeOverlay()
  }
  return (
    <Dialog label={t('template.choose')} onClose={closeOverlay} class="dialog-small">
      <h2>{t('template.choose')}</h2>
      <Templates channel={conversations.peek(id)?.channel.id ?? ''} onSend={send} onCancel={closeOverlay} />
    </Dialog>
  )
}
