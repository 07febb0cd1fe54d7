// The console's words: the chosen locale's table is loaded before the first render and swapped as one signal.
import { computed, effect, signal } from '@preact/signals'
import { directionOf, makeTranslator, type Table, type Translate } from '../../shared/messages'
import { consoleLocales, loadConsole, type ConsoleKey, type ConsoleLocale, type ConsoleMessages } from '../../shared/gen/console'

export type { ConsoleKey }
export { consoleLocales }

const translator = signal<Translate<ConsoleMessages>>(() => '')
export const locale = signal<ConsoleLocale>('en')
export const dir = computed(() => directionOf(locale.value))

/** Keys whose message takes no arguments: what a command title or a tab may name. */
export type PlainKey = { [K in ConsoleKey]: ConsoleMessages[K] extends null ? K : never }[ConsoleKey]

export const t: Translate<ConsoleMessages> = (key, ...args) => translator.value(key, ...args)

export function pickLocale(wanted: readonly (string | null | undefined)[]): ConsoleLocale {
  for (const name of wanted) {
    const base = name?.toLowerCase().split(/[-_]/)[0]
    const found = consoleLocales.find((one) => one === base)
    if (found) return found
  }
  return 'en'
}

export async function setLocale(name: ConsoleLocale): Promise<void> {
  const { messages } = await loadConsole[name]()
  translator.value = makeTranslator<ConsoleMessages>(name, messages)
  locale.value = name
  const root = document.documentElement
  root.lang = name
  root.dir = directionOf(name)
}

/** The words of one area, a table of its own so that an inbox does not carry it. `ready` resolves when they are there; they follow the locale from then on. */
export function areaWords<M>(loaders: Record<ConsoleLocale, () => Promise<{ messages: Table<M> }>>) {
  const table = signal<Table<M> | null>(null)
  const words = computed(() => (table.value ? makeTranslator<M>(loaded, table.value) : () => ''))
  let loaded: ConsoleLocale = 'en'
  const load = async (): Promise<void> => {
    const name = locale.peek()
    const { messages } = await loaders[name]()
    // Another language was chosen meanwhile: its table is on the way.
    if (name !== locale.peek()) return load()
    loaded = name
    table.value = messages
  }
  let first: Promise<void> | null = null
  const ready = (): Promise<void> => (first ??= load().then(() => void effect(() => void (locale.value !== loaded && load()))))
  const t: Translate<M> = (key, ...args) => words.value(key, ...args)
  return { t, table, ready }
}
