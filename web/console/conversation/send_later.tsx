// When a reply is to go out: the times one snoozes to, or one's own.
import { useSignal } from '@preact/signals'
import { Button, Dialog, Field } from '../ui/parts'
import { dateTime } from '../lib/format'
import { t } from '../lib/i18n'
import { snoozeTimes } from '../palette/snooze'

export function SendLater({ onPick, onClose }: { onPick: (at: string) => void; onClose: () => void }) {
  const own = useSignal('')
  const isValid = own.value !== '' && new Date(own.value).getTime() > Date.now()
  const labels = { hour: t('snooze.hour'), evening: t('snooze.evening'), tomorrow: t('snooze.tomorrow'), monday: t('snooze.monday'), week: t('snooze.week') }
  return (
    <Dialog label={t('send_later.title')} onClose={onClose} class="dialog-small">
      <h2>{t('send_later.title')}</h2>
      <ul class="rows send-later">
        {snoozeTimes(new Date()).map((one) => (
          <li key={one.key}><button type="button" class="template-row" onClick={() => onPick(one.at.toISOString())}><strong>{labels[one.key]}</strong> <span>{dateTime(one.at.toISOString())}</span></button></li>
        ))}
      </ul>
      <form onSubmit={(event) => { event.preventDefault(); if (isValid) onPick(new Date(own.value).toISOString()) }}>
        <Field label={t('snooze.own')} hint={t('send_later.hint')}>{(props) => <input {...props} type="datetime-local" required value={own} onInput={(event) => void (own.value = event.currentTarget.value)} />}</Field>
        <div class="dialog-actions">
          <Button onClick={onClose}>{t('common.cancel')}</Button>
          <Button type="submit" tone="primary" icon="clock" disabled={!isValid}>{t('send_later.action')}</Button>
        </div>
      </form>
    </Dialog>
  )
}
