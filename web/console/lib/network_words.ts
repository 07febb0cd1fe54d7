// The words of connecting networks, loaded with the settings' channels.
import { loadNetworks, type NetworksMessages } from '../../shared/gen/networks'
import { areaWords } from './i18n'

const words = areaWords<NetworksMessages>(loadNetworks)
export const { t: nt, ready: networkWords } = words

/** The word for a name that a server may know and this table not; without one, what is given. */
export function wordOr(key: string, otherwise: string): string {
  const found = words.table.value?.[key as keyof NetworksMessages]
  return typeof found === 'string' ? found : otherwise
}
