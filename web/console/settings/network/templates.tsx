// The message templates that the network has approved for an account, as it knows them.
import { useSignal } from '@preact/signals'
import { useEffect, useState } from 'preact/hooks'
import { Button, Chip, Problem, Spinner } from '../../ui/parts'
import { get, post } from '../../lib/api'
import { languageName } from '../../lib/format'
import { Latest } from '../../lib/latest'
import { nt, wordOr } from '../../lib/network_words'
import type { MessageTemplate } from '../../lib/network_types'
import type { Id, Page } from '../../lib/types'
import { itemsOf } from '../../state/reference'
import { complain, errorText } from '../../state/toasts'
import { Section } from '../common'

export function Templates({ channel }: { channel: Id }) {
  const all = useSignal<MessageTemplate[] | null>(null)
  const problem = useSignal<string | null>(null)
  const isBusy = useSignal(false)
  const path = `/channels/${channel}/templates`
  const [latest] = useState(() => new Latest())
  useEffect(() => {
    const isLatest = latest.begin()
    get<Page<MessageTemplate>>(path).then((answer) => {
      if (isLatest()) all.value = itemsOf(answer)
    }, (error: unknown) => {
      if (isLatest()) problem.value = errorText(error)
    })
  }, [path])
  const sync = async (): Promise<void> => {
    isBusy.value = true
    try {
      const answer = await post<Page<MessageTemplate>>(path + '/sync')
      latest.begin()
      all.value = itemsOf(answer)
      problem.value = null
    } catch (error) {
      complain(error)
    }
    isBusy.value = false
  }
  return (
    <Section title={nt('templates.title')} hint={nt('templates.hint')}>
      {problem.value ? <Problem text={problem.value} /> : !all.value ? <Spinner /> : all.value.length === 0 ? <p class="settings-empty">{nt('templates.none')}</p> : (
        <ul class="rows">
          {all.value.map((one) => (
            <li key={one.name + one.language} class="rows-row">
              <span class="rows-main">
                <strong><bdi dir="ltr">{one.name}</bdi></strong>
                <small dir="auto">{one.body}</small>
                <small>{[languageName(one.language.replace('_', '-')), one.category, one.variables ? nt('templates.variables', { count: one.variables }) : ''].filter(Boolean).join(' · ')}</small>
              </span>
              <Chip tone={one.state.toLowerCase() === 'approved' ? 'good' : 'warn'}>{wordOr('template_state.' + one.state.toLowerCase(), one.state)}</Chip>
            </li>
          ))}
        </ul>
      )}
      <Button small icon="refresh" disabled={isBusy.value} onClick={() => void sync()}>{nt('templates.sync')}</Button>
    </Section>
  )
}
