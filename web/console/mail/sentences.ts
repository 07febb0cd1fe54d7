// What mail servers and Seva say of a mail, in the reader's language: the server names its own sentence, and this page has words for it. A name
// that it does not know (of a newer server) leaves the English words.
import { mt } from './words'

const SENTENCES = [
  '1', '1.0', '1.1', '1.10', '1.2', '1.3', '1.4', '1.6', '1.7', '1.8', '2.0', '2.1', '2.2', '2.3', '2.4', '3', '3.1', '3.2', '3.4', '4', '4.1',
  '4.2', '4.3', '4.4', '4.5', '4.6', '4.7', '5', '5.3', '6', '7', '7.1', '7.20', '7.22', '7.23', '7.24', '7.25', '7.26', '7.27', '7.28', '7.606',
  'delayed', 'deleted', 'delivered', 'denied', 'failed', 'later', 'read', 'unread',
] as const
const RULES = [
  'auto_submitted', 'autoresponder', 'feedback', 'list', 'null_path', 'precedence', 'report', 'sender', 'suppress',
] as const

/** Words of a report or a mail server: the sentence, and in brackets what the other server said. */
export function serverWords(of: { words: string; sentence: string; said: string }): string {
  const name = SENTENCES.find((one) => one === of.sentence)
  if (!name) return of.words
  const sentence = mt(`sentence.${name}`)
  return of.said ? `${sentence} (\u2068${of.said}\u2069)` : sentence
}

/** By which rule a mail counts as automatic; null: a rule that has no words here. */
export function ruleWords(rule: string): string | null {
  const name = RULES.find((one) => one === rule)
  return name ? mt(`robot.${name}`) : null
}
