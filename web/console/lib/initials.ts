// What stands in the circle of somebody without a picture. Pure.

/** Scripts whose letters stand alone and side by side: two of them fit into a circle. Elsewhere one syllable or sign says more than two squeezed ones. */
const LETTERS = /^[\p{Script=Latin}\p{Script=Greek}\p{Script=Cyrillic}\p{Script=Armenian}\p{Script=Georgian}\p{Script=Hebrew}]/u
const segmenter = new Intl.Segmenter('en', { granularity: 'grapheme' })

/** First letters of the first and last word, by grapheme so that no script is cut in half. */
export function initialsIn(name: string, locale: string): string {
  const words = name.trim().split(/\s+/).filter(Boolean)
  const first = (word: string | undefined): string => (word ? ([...segmenter.segment(word)][0]?.segment.toLocaleUpperCase(locale) ?? '') : '')
  const one = first(words[0])
  const other = words.length > 1 ? first(words[words.length - 1]) : ''
  return LETTERS.test(one) && LETTERS.test(other) ? one + other : one
}
