// The words of searching: a table of its own, loaded with the page.
import { effect, signal } from '@preact/signals'
import { makeTranslator, type Translate } from '../../shared/messages'
import { loadSearch, type SearchMessages } from '../../shared/gen/search'
import { locale } from '../lib/i18n'

const translator = signal<Translate<SearchMessages>>(() => '')

export const st: Translate<SearchMessages> = (key, ...args) => translator.value(key, ...args)

let loaded = ''
async function load(): Promise<void> {
  const name = locale.peek()
  const { messages } = await loadSearch[name]()
  // Another language was chosen meanwhile: its table is on the way.
  if (name !== locale.peek()) return load()
  loaded = name
  translator.value = makeTranslator<SearchMessages>(name, messages)
}
let first: Promise<void> | null = null
/** Resolves when the words are there; they follow the locale from then on. */
export function searchWords(): Promise<void> {
  first ??= load().then(() => {
    effect(() => {
      if (locale.value !== loaded) void load()
    })
  })
  return first
}
