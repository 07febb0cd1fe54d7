// A call that goes on, at the end of its conversation: what it does now, and taking it.
import '../style/calls.css'
import { Icon } from '../ui/icon'
import { Button } from '../ui/parts'
import { nt } from '../lib/network_words'
import { openConversationId } from '../lib/router'
import { act, calls, isRunning } from '../state/calls'
import { can, myId } from '../state/store'
import { since, stateText, useSeconds, who } from './words'

export function LiveCall() {
  const now = useSeconds()
  const here = calls.value.filter((one) => one.conversation_id === openConversationId.value && isRunning(one))
  return (
    <>
      {here.map((one) => (
        <div key={one.id} class="part call-live" role="status">
          <Icon name="phone" size={18} />
          <div class="part-words">
            <span class="part-kind">{stateText(one)}{one.agent_name ? ' · ' + nt('calls.by', { name: one.agent_name }) : ''}</span>
            <span aria-hidden="true">{since(one.answered_at ?? one.started_at, now)}</span>
          </div>
          {one.state === 'queued' && !one.agent_id && can('conversation.reply') ? <Button small tone="primary" aria-label={nt('calls.take_of', { name: who(one) })} onClick={() => void act(`/${one.id}/take`)}>{nt('calls.take')}</Button> : null}
          {one.agent_id === myId.value ? <Button small tone="danger" onClick={() => void act(`/${one.id}/hang_up`)}>{nt('calls.hang_up')}</Button> : null}
        </div>
      ))}
    </>
  )
}
