// A mailbox's own key for signing mails (DKIM): made by the server, its public half to be entered into the domain's DNS.
import { useSignal } from '@preact/signals'
import { Button, Field } from '../../ui/parts'
import { post } from '../../lib/api'
import { nt } from '../../lib/network_words'
import type { Channel } from '../../lib/types'
import type { MailKeyRecord } from '../../../shared/api/types'
import { Code, FormError, Section, useSaving } from '../common'
import { settingName } from './words'

const textOf = (value: unknown): string => (typeof value === 'string' ? value : '')

export function MailKey({ channel, onReload }: { channel: Channel; onReload: () => void }) {
  const settings = channel.settings as Record<string, unknown>
  const saving = useSaving()
  const domain = useSignal(textOf(settings['dkim_domain']) || textOf(settings['address']).split('@')[1] || '')
  const selector = useSignal(textOf(settings['dkim_selector']) || 'seva1')
  const record = useSignal<MailKeyRecord | null>(null)
  const make = (): void => {
    void saving.save(async () => {
      record.value = await post<MailKeyRecord>(`/channels/${channel.id}/mail-key`, { domain: domain.peek().trim().toLowerCase(), selector: selector.peek().trim().toLowerCase() })
      onReload()
    }, '')
  }
  return (
    <Section title={nt('key.title')} hint={nt('key.hint')}>
      <form class="network-form" onSubmit={(event) => { event.preventDefault(); make() }}>
        <Field label={settingName('dkim_domain')}>{(props) => <input {...props} type="text" dir="ltr" required maxLength={200} value={domain.value} onInput={(event) => void (domain.value = event.currentTarget.value)} />}</Field>
        <Field label={settingName('dkim_selector')}>{(props) => <input {...props} type="text" dir="ltr" required maxLength={63} value={selector.value} onInput={(event) => void (selector.value = event.currentTarget.value)} />}</Field>
        {channel.secrets?.['dkim_key'] ? <p class="settings-hint">{nt('key.replace_hint')}</p> : null}
        <FormError saving={saving} />
        <Button type="submit" disabled={saving.isBusy.value}>{nt('key.make')}</Button>
      </form>
      {record.value ? (
        <div role="status">
          <p class="settings-hint">{nt('key.record')}</p>
          <Code text={record.value.name} label={nt('key.name')} />
          <Code text={record.value.value} label={nt('key.value')} />
        </div>
      ) : null}
    </Section>
  )
}
