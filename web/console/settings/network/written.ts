// What a network's form was given, as the API takes it. Pure.
import type { Network } from '../../lib/network_types'

/** What was written here; a name that is missing was not touched, null takes the secret away. */
export type Written = Record<string, string | null>

/** What is no JSON goes as it stands: the server names the field. */
function asJson(text: string): unknown {
  try {
    return JSON.parse(text)
  } catch {
    return text
  }
}

/** As the API takes it: touched names only, lists as lists, empty texts as null. */
export function settingsOf(network: Network, written: Written): Record<string, unknown> {
  return Object.fromEntries(
    network.settings.flatMap((one): [string, unknown][] => {
      const value = written[one.name]
      if (value === undefined) return []
      const text = value?.trim() ?? ''
      if (!text) return [[one.name, null]]
      if (one.kind === 'json' || one.kind === 'texts') return [[one.name, asJson(text)]]
      if (one.kind === 'list') return [[one.name, text.split(/[\s,]+/).filter(Boolean)]]
      return [[one.name, one.kind === 'number' ? Number(text) : text]]
    }),
  )
}
