// Back from a network's own page: several accounts to choose from, or why it came to nothing.
import { useSignal } from '@preact/signals'
import { useEffect } from 'preact/hooks'
import { Icon } from '../../ui/icon'
import { Button, Problem, Spinner } from '../../ui/parts'
import { get, post } from '../../lib/api'
import { uuid } from '../../lib/ids'
import { nt } from '../../lib/network_words'
import type { Authorization } from '../../lib/network_types'
import { go, setSearch } from '../../lib/router'
import type { Channel } from '../../lib/types'
import { networkOf } from '../../state/networks'
import { refreshChannels } from '../../state/reference'
import { errorText } from '../../state/toasts'
import { FormError, Section, useSaving } from '../common'
import { AccountChoice } from './check'

/** What the address says once; reloading the page must not say it again. */
export function takeAnswer(): { authorization: string | null; error: string | null; isConnected: boolean } {
  const query = new URLSearchParams(location.search)
  const answer = { authorization: query.get('authorization'), error: query.get('authorization_error'), isConnected: query.get('connected') === '1' }
  if (answer.authorization || answer.error || answer.isConnected) setSearch('')
  return answer
}

export function Refused({ words }: { words: string }) {
  return <p class="settings-warn" role="alert"><Icon name="alert" size={16} /> <span dir="auto">{nt('returned.refused', { why: words })}</span></p>
}

export function ChooseAccount({ state }: { state: string }) {
  const found = useSignal<Authorization | null>(null)
  const problem = useSignal<string | null>(null)
  const chosen = useSignal<string | null>(null)
  const saving = useSaving()
  const path = '/authorizations/' + encodeURIComponent(state)
  useEffect(() => {
    get<Authorization>(path).then((answer) => {
      found.value = answer
      chosen.value = answer.accounts[0]?.external_id ?? null
    }, (error: unknown) => void (problem.value = errorText(error)))
  }, [path])
  if (problem.value) return <Problem text={problem.value} />
  if (!found.value) return <Spinner />
  const take = (): void => {
    void saving.save(async () => {
      const channel = await post<Channel>(path, { external_id: chosen.peek() }, uuid())
      refreshChannels()
      go('/settings/channels/' + channel.id)
    }, '')
  }
  return (
    <Section title={nt('returned.title', { name: found.value.name || (networkOf(found.value.kind as Channel['kind'])?.title ?? found.value.kind) })} hint={nt('returned.hint')}>
      <AccountChoice accounts={found.value.accounts} chosen={chosen} />
      <FormError saving={saving} />
      <Button tone="primary" disabled={saving.isBusy.value || !chosen.value} onClick={take}>{nt('connect.go')}</Button>
    </Section>
  )
}
