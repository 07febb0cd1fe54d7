// Addresses of a conversation from which mails have come back: above the composer and beside the conversation. The words come with them, so that a
// conversation in which all is well carries none.
import type { FunctionComponent } from 'preact'
import { useEffect, useState } from 'preact/hooks'
import type { Conversation } from '../lib/types'
import { messages, timelineOf } from '../state/store'
import type { MailAddress } from '../../shared/api/types'
import { knownAddresses } from './known'

type View = FunctionComponent<{ conversation: string; items: readonly MailAddress[] }>

/** What became of the newest answers, and how far the conversation has come. */
function marksOf(conversation: Conversation): string {
  const ids = timelineOf(conversation.id).ids.value.slice(-20)
  return ids.map((id) => messages.get(id)).filter((one) => one?.kind === 'out').map((one) => `${one?.id}${one?.state}`).join() + (conversation.last_message_id ?? '')
}

function Known({ conversation }: { conversation: Conversation }) {
  const [view, setView] = useState<{ View: View } | null>(null)
  const items = knownAddresses(conversation.id, marksOf(conversation)).value
  const isNeeded = items.length > 0
  useEffect(() => {
    if (!isNeeded) return
    let isGone = false
    import('./known_view').then(
      async (drawing) => {
        await drawing.knownReady()
        if (!isGone) setView({ View: drawing.KnownView })
      },
      () => undefined, // sending still says it
    )
    return () => {
      isGone = true
    }
  }, [isNeeded])
  return view && isNeeded ? <view.View conversation={conversation.id} items={items} /> : null
}

export function KnownAddresses({ conversation }: { conversation: Conversation }) {
  return conversation.channel.kind === 'email' ? <Known key={conversation.id} conversation={conversation} /> : null
}
