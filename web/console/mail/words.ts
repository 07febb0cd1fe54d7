// The words of mails and of writing them: a table of its own, loaded with the first mail, so that an inbox without mail does not carry it.
import { effect, signal } from '@preact/signals'
import { makeTranslator, type Translate } from '../../shared/messages'
import { loadMail, type MailKey, type MailMessages } from '../../shared/gen/mail'
import { locale } from '../lib/i18n'

const translator = signal<Translate<MailMessages>>(() => '')

export const mt: Translate<MailMessages> = (key, ...args) => translator.value(key, ...args)

/** Keys whose message takes no arguments. */
export type PlainMailKey = { [K in MailKey]: MailMessages[K] extends null ? K : never }[MailKey]

let loaded = ''
async function load(): Promise<void> {
  const name = locale.peek()
  const { messages } = await loadMail[name]()
  // Another language was chosen meanwhile: its table is on the way.
  if (name !== locale.peek()) return load()
  loaded = name
  translator.value = makeTranslator<MailMessages>(name, messages)
}
let first: Promise<void> | null = null
/** Resolves when the words are there; they follow the locale from then on. */
export function mailWords(): Promise<void> {
  first ??= load().then(() => {
    effect(() => {
      if (locale.value !== loaded) void load()
    })
  })
  return first
}
