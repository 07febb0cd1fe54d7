// What the server answers of a mail that came as a file of another. Apart from types.ts, which every inbox carries.
import { contentId, part, readMail, text, type Mail } from './types'

/** A mail that came as a file of another, as `GET /api/v1/attachments/{id}/mail` tells it. */
export interface Carried {
  mail: Mail
  /** those that the mail's own page does not show */
  files: CarriedFile[]
}
export interface CarriedFile { part: number; name: string; size: number; is_mail: boolean }
const MOST_FILES = 500
const count = (value: unknown): number => (typeof value === 'number' && Number.isSafeInteger(value) && value > 0 ? value : 0)

/** Behind `/api/v1/attachments/`: a file of the mail that lies in that attachment, or `within` it. */
export const carriedFile = (attachment: string, within: string, number: number): string =>
  `${attachment}/mail/file?${new URLSearchParams({ ...(within ? { within } : {}), part: String(number) }).toString()}`

/** `attachment`, `within`: where it was found. */
export function readCarried(answer: unknown, attachment: string, within: string): Carried {
  const list = part(answer)['files']
  const inline = new Map<string, string>()
  const mail = { ...readMail(answer), inline, images_allowed: false }
  const html = mail.html.toLowerCase()
  const files = (Array.isArray(list) ? list.slice(0, MOST_FILES) : []).map(part).flatMap((one) => {
    const file = { part: count(one['part']), name: text(one['name']), size: count(one['size']), is_mail: one['is_mail'] === true }
    const name = contentId(text(one['content_id']))
    const isPicture = name !== '' && text(one['type']).startsWith('image/')
    if (isPicture && !inline.has(name)) inline.set(name, carriedFile(attachment, within, file.part))
    return isPicture && html.includes('cid:' + name) ? [] : [file]
  })
  return { mail, files }
}
