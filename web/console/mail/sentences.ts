// What mail servers and Seva say of a mail, in the reader's language: the server names its own sentence, and the table of mails has words for it. A
// name that it does not know (of a newer server) leaves the English words.
import { mt, type PlainMailKey } from './words'

/** The words of a key that may be missing: '' then. */
const found = (key: string): string => (mt(key as PlainMailKey) as string | undefined) ?? ''

/** Words of a report or a mail server: the sentence, and in brackets what the other server said. */
export function serverWords(of: { words: string; sentence: string; said: string }): string {
  const sentence = of.sentence ? found('sentence.' + of.sentence) : ''
  return sentence ? (of.said ? `${sentence} (\u2068${of.said}\u2069)` : sentence) : of.words
}

/** By which rule a mail counts as automatic; '': a rule that has no words here. */
export const ruleWords = (rule: string): string => (rule ? found('robot.' + rule) : '')
