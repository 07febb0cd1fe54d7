// The words of connecting networks: a table of its own, loaded with the settings' channels, so that an inbox does not carry it.
import { effect, signal } from '@preact/signals'
import { makeTranslator, type Translate } from '../../shared/messages'
import { loadNetworks, type NetworksMessages } from '../../shared/gen/networks'
import { locale } from './i18n'

type Table = Parameters<typeof makeTranslator<NetworksMessages>>[1]
const table = signal<Table | null>(null)
const translator = signal<Translate<NetworksMessages>>(() => '')

export const nt: Translate<NetworksMessages> = (key, ...args) => translator.value(key, ...args)

/** The word for a name that a server may know and this table not; without one, what is given. */
export function wordOr(key: string, otherwise: string): string {
  const found = table.value?.[key as keyof NetworksMessages]
  return typeof found === 'string' ? found : otherwise
}

async function load(): Promise<void> {
  const name = locale.peek()
  const { messages } = await loadNetworks[name]()
  table.value = messages
  translator.value = makeTranslator<NetworksMessages>(name, messages)
}
let first: Promise<void> | null = null
/** Resolves when the words are there; they follow the locale from then on. */
export function networkWords(): Promise<void> {
  first ??= load().then(() => {
    let isFirst = true
    effect(() => {
      void locale.value
      if (!isFirst) void load()
      isFirst = false
    })
  })
  return first
}
