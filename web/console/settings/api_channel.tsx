// An API channel: where machines post to, where replies go, and its secret.
import { useSignal } from '@preact/signals'
import { Button, Field } from '../ui/parts'
import { post } from '../lib/api'
import { t } from '../lib/i18n'
import type { Channel } from '../lib/types'
import { session } from '../state/store'
import { complain } from '../state/toasts'
import { AskButton, Code, FormError, patchChannel, SecretOnce, Section, useSaving, useWritten } from './common'
import type { SecretRotated } from '../../shared/api/types'

export function ApiChannel({ channel, onChange }: { channel: Channel; onChange: (next: Channel) => void }) {
  const saving = useSaving()
  const name = useWritten(channel.name)
  const reply = useWritten<string>(channel.settings.reply_url ?? '')
  const secret = useSignal<string | null>(null)
  const base = (session.value?.server.base_url || location.origin).replace(/\/$/, '')
  const post_url = `${base}/hooks/api/${channel.public_key}`
  const example = `BODY='{"messages":[{"id":"m-1","contact":{"id":"c-1","name":"Maya"},"text":"Hello"}]}'
T=$(date +%s)
SIG=$(printf '%s.%s' "$T" "$BODY" | openssl dgst -sha256 -hmac "$SECRET" -hex | sed 's/.* //')
curl -H "Seva-Signature: t=$T,v1=$SIG" -H 'Content-Type: application/json' -d "$BODY" ${post_url}`
  return (
    <>
      <Section title={t('channels.inbound')} hint={t('channels.inbound_hint')}>
        <Code text={post_url} label={t('channels.inbound')} />
        <details class="example"><summary>{t('channels.example')}</summary><Code text={example} label={t('channels.example')} /></details>
      </Section>
      <Section title={t('channels.outbound')} hint={t('channels.outbound_hint')}>
        <form class="settings-form" onSubmit={(event) => { event.preventDefault(); void saving.save(async () => onChange(await patchChannel(channel.id, { name: name.value.trim(), settings: { ...channel.settings, reply_url: reply.value.trim() || null } }))) }}>
          <Field label={t('channels.name')}>{(props) => <input {...props} type="text" required maxLength={80} dir="auto" value={name} onInput={(event) => void (name.value = event.currentTarget.value)} />}</Field>
          <Field label={t('channels.reply_url')} error={saving.field.value?.includes('reply_url') ? saving.error.value : null}>{(props) => <input {...props} type="url" dir="ltr" placeholder="https://" value={reply} onInput={(event) => void (reply.value = event.currentTarget.value)} />}</Field>
          {saving.field.value?.includes('reply_url') ? null : <FormError saving={saving} />}
          <Button type="submit" tone="primary" disabled={saving.isBusy.value}>{t('common.save')}</Button>
        </form>
      </Section>
      <Section title={t('channels.secret')} hint={t('channels.secret_hint')}>
        {secret.value ? <SecretOnce label={t('channels.secret')} secret={secret.value} onDone={() => void (secret.value = null)} /> : (
          <AskButton icon="refresh" label={t('channels.rotate')} title={t('channels.rotate')} text={t('channels.rotate_text')} onConfirm={() => void post<SecretRotated>(`/channels/${channel.id}/rotate-secret`).then((answer) => void (secret.value = answer.secret), complain)} />
        )}
      </Section>
    </>
  )
}
