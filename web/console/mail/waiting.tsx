// A mail of ours that not everybody has yet: when it is tried again, and an agent's way to give it up.
import { useSignal } from '@preact/signals'
import { post } from '../lib/api'
import { dateTime } from '../lib/format'
import type { Id, Message } from '../lib/types'
import { can, putMessage } from '../state/store'
import { complain } from '../state/toasts'
import { Icon } from '../ui/icon'
import type { Mail } from './types'
import { mt } from './words'

async function stop(id: Id): Promise<void> {
  putMessage(await post<Message>(`/messages/${id}/stop`))
}

export function Waiting({ id, mail }: { id: Id; mail: Mail }) {
  const isAsked = useSignal(false)
  const isBusy = useSignal(false)
  const decide = (): void => {
    isBusy.value = true
    void stop(id).catch(complain).finally(() => {
      isBusy.value = isAsked.value = false
    })
  }
  const link = (words: string, act: () => void) => <button type="button" class="link-button" disabled={isBusy.value} onClick={act}>{words}</button>
  return (
    <p class="mail-note" role={isAsked.value ? 'alert' : undefined}>
      <Icon name="clock" size={14} /> <span>{isAsked.value ? mt('waiting.sure') : mail.again_at ? mt('waiting.again', { time: dateTime(mail.again_at) }) : mt('waiting.server')}</span>
      {!can('conversation.reply') ? null : isAsked.value ? (
        <>
          {link(mt('waiting.do'), decide)}
          {link(mt('waiting.keep'), () => void (isAsked.value = false))}
        </>
      ) : link(mt('waiting.stop'), () => void (isAsked.value = true))}
    </p>
  )
}
