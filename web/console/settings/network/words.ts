// What the settings of networks are called, from the names that the server gives.
import { nt, wordOr } from '../../lib/network_words'
import type { Able, Checked } from '../../lib/network_types'

export const settingName = (name: string): string => wordOr('setting.' + name, name.replaceAll('_', ' '))
export const choiceName = (setting: string, choice: string): string => wordOr(`choice.${setting}.${choice}`, choice)
export const stepsOf = (kind: string): string[] => wordOr('steps.' + kind, '').split('\n').filter(Boolean)

/** In the order in which people ask for it; what nobody asks for is left out. */
const SHOWN: readonly Able[] = ['private_reply', 'begin', 'comments', 'templates', 'buttons', 'quote', 'delivered', 'read', 'calls']
export const abilities = (able: readonly Able[]): string[] => SHOWN.filter((one) => able.includes(one)).map((one) => wordOr('able.' + one, one))

export function outcomeText(checked: Checked): string {
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
