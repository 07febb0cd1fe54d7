// "Test connection": what the network said, in words, and whose account it is.
import type { Signal } from '@preact/signals'
import { Avatar, Facts, Words } from '../../ui/parts'
import { Icon } from '../../ui/icon'
import { dateTime } from '../../lib/format'
import { nt } from '../../lib/network_words'
import type { Checked, FoundAccount } from '../../lib/network_types'
import { outcomeText } from './words'

export const accountName = (one: FoundAccount): string => one.name || one.handle || one.external_id

function Face({ account }: { account: FoundAccount }) {
  return (
    <>
      <Avatar name={accountName(account)} size={32} />
      <span class="rows-main">
        <strong><Words text={accountName(account)} /></strong>
        <small><Facts of={[account.handle, account.external_id].filter((one) => one !== accountName(account))} /></small>
      </span>
    </>
  )
}

export function CheckResult({ checked, kind }: { checked: Checked; kind: string }) {
  const isGood = checked.outcome === 'sent'
  return (
    <div class={isGood ? 'check check-good' : 'check check-bad'} role="status">
      <p class="check-title"><Icon name={isGood ? 'check' : 'alert'} size={16} /> {outcomeText(checked, kind)}</p>
      {checked.why ? <p dir="auto">{checked.why}</p> : null}
      {checked.note ? <p class="check-note" dir="auto"><Icon name="alert" size={14} /> {checked.note}</p> : null}
      {checked.expires_at ? <p>{nt('check.expires', { time: dateTime(checked.expires_at) })}</p> : null}
      {isGood && checked.accounts.length === 1 && checked.accounts[0] ? <div class="check-account"><Face account={checked.accounts[0]} /></div> : null}
    </div>
  )
}

/** Credentials that reach several pages or numbers: one of them is this channel. */
export function AccountChoice({ accounts, chosen }: { accounts: readonly FoundAccount[]; chosen: Signal<string | null> }) {
  return (
    <fieldset class="kinds">
      <legend>{nt('account.choose')}</legend>
      {accounts.map((one) => (
        <label key={one.external_id} class={chosen.value === one.external_id ? 'kind kind-on' : 'kind'}>
          <input type="radio" name="account" checked={chosen.value === one.external_id} onChange={() => void (chosen.value = one.external_id)} />
          <Face account={one} />
        </label>
      ))}
    </fieldset>
  )
}
