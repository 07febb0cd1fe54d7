// Finds what is being typed after "@", ":" or "#" right before the caret. Pure.

export interface Trigger { sign: '@' | ':' | '#'; query: string; start: number }

const MAX_QUERY = 30

/** The word under way, or null. The sign must stand at the start or after a space; ":" needs two letters so that "10:30" is left alone. */
export function triggerAt(text: string, caret: number): Trigger | null {
  for (let at = caret - 1; at >= 0 && caret - at <= MAX_QUERY; at--) {
    const char = text[at] as string
    if (/\s/u.test(char)) return null
    if (char !== '@' && char !== ':' && char !== '#') continue
    const before = at > 0 ? (text[at - 1] as string) : ' '
    if (!/[\s([{]/u.test(before)) return null
    const query = text.slice(at + 1, caret)
    if (char === ':' && query.length < 2) return null
    return { sign: char, query, start: at }
  }
  return null
}

export function replaceTrigger(text: string, caret: number, trigger: Trigger, by: string): { text: string; caret: number } {
  const before = text.slice(0, trigger.start) + by
  const after = text.slice(caret)
  return { text: before + after, caret: before.length }
}
