// How well a label fits what was typed. Pure.

/** Ranks by how well the words fit: start of text, start of a word, anywhere, letters in order. 0 does not fit. */
export function score(label: string, query: string): number {
  if (!query) return 1
  const text = label.toLocaleLowerCase()
  const wanted = query.toLocaleLowerCase()
  if (text.startsWith(wanted)) return 4
  const at = text.indexOf(wanted)
  if (at > 0) return /\s/u.test(text[at - 1] as string) ? 3 : 2
  let from = 0
  for (const char of wanted) {
    from = text.indexOf(char, from) + 1
    if (from === 0) return 0
  }
  return wanted.length > 1 ? 0.5 : 0
}
