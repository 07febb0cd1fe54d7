// The small set of signs an agent reaches for; their words come from the catalogue in the same order.
import { t } from '../lib/i18n'

const SIGNS = [
  '🙂', '😀', '😂', '😉', '😍', '🤔', '😅', '😢', '😟', '😮', '👍', '👎', '🙏', '👏', '👋', '💪', '🤝', '👌', '❤️', '💙',
  '🎉', '🔥', '⭐', '✨', '✅', '❌', '⚠️', '❓', '💡', '📦', '🚚', '📞', '📧', '📷', '🔒', '🔧', '⏰', '📅', '💳', '☕',
] as const

export interface Emoji { sign: string; words: string }

export function emojis(): Emoji[] {
  const words = t('emoji.words').split('|')
  return SIGNS.map((sign, at) => ({ sign, words: words[at]?.trim() ?? sign }))
}
export function findEmojis(query: string, max: number): Emoji[] {
  const wanted = query.toLocaleLowerCase()
  return emojis().filter((one) => one.words.toLocaleLowerCase().includes(wanted)).slice(0, max)
}
