// Mails of Seva that go out by a mailbox beside its conversations: what became of them, those that failed first.
import { useSignal } from '@preact/signals'
import { useEffect } from 'preact/hooks'
import { Icon, type IconName } from '../ui/icon'
import { Button, Problem, Spinner, Words } from '../ui/parts'
import { get, post } from '../lib/api'
import { dateTime } from '../lib/format'
import { t } from '../lib/i18n'
import { nt } from '../lib/network_words'
import type { Id, Letter, Page } from '../lib/types'
import { itemsOf } from '../state/reference'
import { complain, errorText } from '../state/toasts'
import { Section } from './common'

const ICONS: Record<Letter['state'], IconName> = { queued: 'clock', sending: 'clock', sent: 'check', failed: 'alert', unknown: 'alert' }

function kindName(kind: Letter['kind']): string {
  switch (kind) {
    case 'chat':
      return nt('letters.chat')
    case 'transcript':
      return nt('letters.transcript')
    case 'invitation':
      return nt('letters.invitation')
    case 'password_reset':
      return nt('letters.password_reset')
  }
}

function stateName(state: Letter['state']): string {
  switch (state) {
    case 'queued':
      return t('state.queued')
    case 'sending':
      return t('state.sending')
    case 'sent':
      return t('state.sent')
    case 'failed':
      return t('state.failed')
    case 'unknown':
      return t('state.unknown')
  }
}

function Row({ letter, onRetry }: { letter: Letter; onRetry: () => void }) {
  return (
    <li class="rows-row">
      <span class="rows-icon"><Icon name={ICONS[letter.state]} size={18} /></span>
      <span class="rows-main">
        <strong>{kindName(letter.kind)} · <bdi dir="ltr">{letter.to_address}</bdi></strong>
        <small>{stateName(letter.state)} · {dateTime(letter.sent_at ?? letter.created_at)}</small>
        {letter.answer ? <small dir="auto">{nt('letters.answer', { answer: letter.answer })}</small> : null}
        {letter.error ? <small class="rows-bad"><Words text={letter.error} /></small> : null}
      </span>
      {letter.is_repeatable ? <Button small icon="refresh" onClick={onRetry}>{t('common.retry')}</Button> : null}
    </li>
  )
}

export function Letters({ channel }: { channel: Id }) {
  const all = useSignal<Letter[] | null>(null)
  const problem = useSignal<string | null>(null)
  const load = async (): Promise<void> => {
    try {
      const [failed, unknown, newest] = await Promise.all([
        get<Page<Letter>>('/letters', { channel_id: channel, state: 'failed', limit: 20 }),
        get<Page<Letter>>('/letters', { channel_id: channel, state: 'unknown', limit: 20 }),
        get<Page<Letter>>('/letters', { channel_id: channel, limit: 20 }),
      ])
      const bad = [...itemsOf(failed), ...itemsOf(unknown)]
      const known = new Set(bad.map((one) => one.id))
      all.value = [...bad, ...itemsOf(newest).filter((one) => !known.has(one.id))]
      problem.value = null
    } catch (error) {
      problem.value = errorText(error)
    }
  }
  useEffect(() => void load(), [channel])
  const retry = (id: Id): void => void post(`/letters/${id}/retry`).then(load, complain)
  return (
    <Section title={nt('letters.title')} hint={nt('letters.hint')}>
      {problem.value ? <Problem text={problem.value} onRetry={() => void load()} /> : !all.value ? <Spinner /> : all.value.length === 0 ? <p class="settings-empty">{nt('letters.none')}</p> : (
        <ul class="rows">{all.value.map((one) => <Row key={one.id} letter={one} onRetry={() => retry(one.id)} />)}</ul>
      )}
    </Section>
  )
}
