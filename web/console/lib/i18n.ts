// The console's words: the chosen locale's table is loaded before the first render and swapped as one signal.
import { computed, signal } from '@preact/signals'
import { directionOf, makeTranslator, type Translate } from '../../shared/messages'
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
