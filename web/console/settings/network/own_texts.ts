// Texts by language, as a channel's settings hold them or a form has written them. Pure.
export interface OwnText { language: string; subject: string; text: string }

const asText = (value: unknown): string => (typeof value === 'string' ? value : '')

/** A list as it is stored, or JSON of one; what is neither is none. */
export function textsOf(value: unknown): OwnText[] {
  let list: unknown = value
  if (typeof value === 'string') {
    try {
      list = JSON.parse(value)
    } catch {
      return []
    }
  }
  if (!Array.isArray(list)) return []
  return list.flatMap((one: unknown): OwnText[] => {
    if (typeof one !== 'object' || one === null) return []
    const { language, subject, text } = one as Record<string, unknown>
    return [{ language: asText(language), subject: asText(subject), text: asText(text) }]
  })
}
