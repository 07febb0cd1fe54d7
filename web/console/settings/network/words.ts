// What the settings of networks are called, from the names that the server gives.
import { nt, wordOr } from '../../lib/network_words'
import type { Able, Checked, Network } from '../../lib/network_types'

export const settingName = (name: string): string => wordOr('setting.' + name, name.replaceAll('_', ' '))
export const choiceName = (setting: string, choice: string): string => wordOr(`choice.${setting}.${choice}`, choice)
/** What a setting asks, in the reader's language; the server's English where there is none. */
export const helpOf = (kind: string, setting: string): string | null => wordOr(`help.${kind}.${setting}`, '') || null
export const stepsOf = (kind: string): string[] => wordOr('steps.' + kind, '').split('\n').filter(Boolean)

/** Names of companies are the same everywhere; email is not. */
export const titleOf = (network: Pick<Network, 'kind' | 'title'>): string => wordOr('network.' + network.kind, network.title)

/** Whose page it is that allows it; null: what is written in the form is enough. `signIn`: the setting of a mailbox. */
export function signInPage(network: Network, signIn: unknown): string | null {
  if (network.connect === 'form') return null
  if (network.kind !== 'email') return network.title
  return signIn === 'google' || signIn === 'microsoft' ? choiceName('sign_in', signIn) : null
}

/** In the order in which people ask for it; what nobody asks for is left out. */
const SHOWN: readonly Able[] = ['private_reply', 'begin', 'comments', 'templates', 'buttons', 'quote', 'delivered', 'read', 'calls']
export const abilities = (able: readonly Able[]): string[] => SHOWN.filter((one) => able.includes(one)).map((one) => wordOr('able.' + one, one))

/** `kind`: of the channel; some say in their own words what happened. */
export function outcomeText(checked: Checked, kind: string): string {
  const own = wordOr(`check.${kind}.${checked.outcome}`, '')
  if (own) return own
  switch (checked.outcome) {
    case 'sent':
      return nt('check.works')
    case 'final':
      return nt('check.final')
    case 'retry':
      return nt('check.retry')
    case 'wait':
      return nt('check.wait')
    case 'reauth':
      return nt('check.reauth')
    case 'unknown':
      return nt('check.unknown')
  }
}
