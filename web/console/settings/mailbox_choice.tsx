// Which mailbox mails go out by: one of the account's, or none.
import { Field } from '../ui/parts'
import type { Id } from '../lib/types'
import { channels } from '../state/store'

interface Props { label: string; hint: string; none: string; value: Id | null; error?: string | null; onChange: (id: Id | null) => void }

export function MailboxChoice({ label, hint, none, value, error, onChange }: Props) {
  const mailboxes = channels.value.filter((one) => one.kind === 'email')
  const isGone = value !== null && !mailboxes.some((one) => one.id === value)
  return (
    <Field label={label} hint={hint} error={error}>
      {(props) => (
        <select {...props} value={value ?? ''} onChange={(event) => onChange(event.currentTarget.value || null)}>
          <option value="">{none}</option>
          {mailboxes.map((one) => <option key={one.id} value={one.id}>{one.name}</option>)}
          {isGone ? <option value={value ?? ''}>…</option> : null}
        </select>
      )}
    </Field>
  )
}
