// The words of mails and of writing them, loaded with the first mail.
import { loadMail, type MailKey, type MailMessages } from '../../shared/gen/mail'
import { areaWords } from '../lib/i18n'

/** Keys whose message takes no arguments. */
export type PlainMailKey = { [K in MailKey]: MailMessages[K] extends null ? K : never }[MailKey]

export const { t: mt, ready: mailWords } = areaWords<MailMessages>(loadMail)
