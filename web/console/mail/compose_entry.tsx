// The composer of a mailbox's conversation: what draws it is fetched when the first is opened.
import type { FunctionComponent } from 'preact'
import { useEffect, useState } from 'preact/hooks'
import { Problem, Spinner } from '../ui/parts'
import { ApiError } from '../lib/api'
import { t } from '../lib/i18n'
import type { Conversation } from '../lib/types'
import type { Desk } from '../conversation/desk'
import type { Advice } from '../state/uploads'

interface Props { desk: Desk; conversation: Conversation; advice: () => Advice }
type State = { kind: 'waiting' } | { kind: 'failed'; why: string } | { kind: 'ready'; of: string; View: FunctionComponent<Props> }

export function MailComposeOf(props: Props) {
  const [state, setState] = useState<State>({ kind: 'waiting' })
  const [turn, setTurn] = useState(0)
  const { id } = props.desk
  useEffect(() => {
    let isGone = false
    import('./compose').then(async ({ MailCompose, composeReady }) => {
      await composeReady(id)
      if (!isGone) setState({ kind: 'ready', of: id, View: MailCompose })
    }).catch((error: unknown) => void (isGone || setState({ kind: 'failed', why: error instanceof ApiError && error.status ? error.message : t('error.chunk') })))
    return () => {
      isGone = true
    }
  }, [id, turn])
  if (state.kind === 'ready' && state.of === id) return <state.View {...props} />
  return state.kind === 'failed' ? <Problem text={state.why} onRetry={() => { setState({ kind: 'waiting' }); setTurn(turn + 1) }} /> : <div class="mail-compose-wait"><Spinner label={t('common.loading')} /></div>
}
