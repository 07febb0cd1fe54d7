// My call, over every page: whom I talk to and for how long; after it a note and the time that it takes.
import '../style/calls.css'
import { useSignal } from '@preact/signals'
import { Icon } from '../ui/icon'
import { Button, Field } from '../ui/parts'
import { nt } from '../lib/network_words'
import { BASE, inboxPath } from '../lib/router'
import { act, isRunning, myCall, type Call } from '../state/calls'
import { since, stateText, useSeconds, Who } from './words'

function Running({ call }: { call: Call }) {
  const now = useSeconds()
  return (
    <>
      <p class="dock-time">{nt('calls.running', { state: stateText(call), time: since(call.answered_at ?? call.started_at, now) })}</p>
      <Button small tone="danger" icon="phone" onClick={() => void act(`/${call.id}/hang_up`)}>{nt('calls.hang_up')}</Button>
    </>
  )
}

function After({ call }: { call: Call }) {
  const now = useSeconds()
  const note = useSignal('')
  const isBusy = useSignal(false)
  const done = async (): Promise<void> => {
    isBusy.value = true
    await act(`/${call.id}/wrap_up`, note.peek().trim() ? { note: note.peek().trim() } : {})
    isBusy.value = false
  }
  return (
    <form onSubmit={(event) => { event.preventDefault(); void done() }}>
      <p class="dock-time">{nt('calls.after_since', { time: since(call.wrap_started_at ?? call.started_at, now) })}</p>
      <Field label={nt('calls.note')} hint={nt('calls.note_hint')}>{(props) => <textarea {...props} rows={3} maxLength={4000} dir="auto" value={note} onInput={(event) => void (note.value = event.currentTarget.value)} />}</Field>
      <Button small type="submit" tone="primary" disabled={isBusy.value}>{nt('calls.done')}</Button>
    </form>
  )
}

export function CallDock() {
  const call = myCall.value
  if (!call) return null
  return (
    <section class="dock" aria-label={isRunning(call) ? nt('calls.state_answered') : nt('calls.after')}>
      <h2><Icon name="phone" size={16} /> {isRunning(call) ? <Who call={call} /> : <>{nt('calls.after')}: <Who call={call} /></>}</h2>
      {call.conversation_id ? <a href={BASE + inboxPath('all', call.conversation_id)}>{nt('calls.open')}</a> : null}
      {isRunning(call) ? <Running call={call} /> : <After key={call.id} call={call} />}
    </section>
  )
}
