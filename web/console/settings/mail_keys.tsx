// Whose signatures of mails count: certificates of authorities and people, lists of those that authorities have taken back, public keys of people.
import { useSignal } from '@preact/signals'
import { Button, Chip, Dialog, Field, Words } from '../ui/parts'
import { del, post } from '../lib/api'
import { dateTime } from '../lib/format'
import { t } from '../lib/i18n'
import { nt } from '../lib/network_words'
import { uuid } from '../lib/ids'
import { agentOf } from '../state/store'
import { complain } from '../state/toasts'
import { AskButton, FormError, Listed, PageTitle, useListing, useSaving } from './common'
import type { MailKey } from '../../shared/api/types'

/** In groups of four, as people compare them. */
const grouped = (fingerprint: string): string => fingerprint.match(/.{1,4}/g)?.join(' ') ?? ''

function MailKeyDialog({ onClose }: { onClose: (isMade: boolean) => void }) {
  const saving = useSaving()
  const text = useSignal('')
  const key = useSignal(uuid())
  return (
    <Dialog label={nt('mail_keys.new')} onClose={() => onClose(false)}>
      <h2>{nt('mail_keys.new')}</h2>
      <form
        onSubmit={(event) => {
          event.preventDefault()
          void saving.save(async () => void (await post<MailKey>('/mail-keys', { text: text.value }, key.value)), '').then((ok) => { key.value = uuid(); if (ok) onClose(true) })
        }}
      >
        <Field label={nt('mail_keys.text')} hint={nt('mail_keys.text_hint')}>{(props) => <textarea {...props} required rows={10} dir="ltr" spellcheck={false} autofocus value={text} onInput={(event) => void (text.value = event.currentTarget.value)} />}</Field>
        <FormError saving={saving} />
        <div class="dialog-actions">
          <Button onClick={() => onClose(false)}>{t('common.cancel')}</Button>
          <Button type="submit" tone="primary" disabled={saving.isBusy.value || !text.value.trim()}>{nt('mail_keys.add')}</Button>
        </div>
      </form>
    </Dialog>
  )
}

function facts(one: MailKey): string {
  const by = agentOf(one.agent_id)?.name
  return [
    by ? nt('mail_keys.added', { name: by, time: dateTime(one.created_at) }) : dateTime(one.created_at),
    ...(one.expires_at ? [one.kind === 'crl' ? nt('mail_keys.next', { time: dateTime(one.expires_at) }) : t('tokens.until', { time: dateTime(one.expires_at) })] : []),
  ].join(' · ')
}

export function MailKeys() {
  const listing = useListing<MailKey>('/mail-keys')
  const isNew = useSignal(false)
  return (
    <>
      <PageTitle title={t('settings.mail_keys')} hint={nt('mail_keys.hint')}>
        <Button tone="primary" icon="plus" onClick={() => void (isNew.value = true)}>{nt('mail_keys.new')}</Button>
      </PageTitle>
      <Listed listing={listing} empty={nt('mail_keys.none')}>
        {(items) => (
          <ul class="rows">
            {items.map((one) => (
              <li key={one.id} class="rows-row">
                <span class="rows-main">
                  <strong><Words text={one.name || one.address || '—'} />{one.address && one.name ? <> <bdi dir="ltr">{one.address}</bdi></> : null}</strong>
                  <small class="mail-key-fingerprint"><bdi dir="ltr">{grouped(one.fingerprint)}</bdi></small>
                  <small>{facts(one)}</small>
                </span>
                <Chip>{one.kind === 'pgp' ? 'PGP' : one.kind === 'crl' ? nt('mail_keys.list') : 'S/MIME'}</Chip>
                <AskButton label={nt('mail_keys.remove')} title={one.kind === 'crl' ? nt('mail_keys.remove_list_title', { name: one.name }) : nt('mail_keys.remove_title', { name: one.name || one.address })} text={one.kind === 'crl' ? nt('mail_keys.remove_list_text') : nt('mail_keys.remove_text')} onConfirm={() => void del('/mail-keys/' + one.id).then(() => listing.reload(), complain)} />
              </li>
            ))}
          </ul>
        )}
      </Listed>
      {isNew.value ? <MailKeyDialog onClose={(isMade) => { isNew.value = false; if (isMade) void listing.reload() }} /> : null}
    </>
  )
}
