// The account's own settings, saved views and tags.
import { useSignal } from '@preact/signals'
import { useEffect } from 'preact/hooks'
import { Button, Chip, Field, Problem, Spinner } from '../ui/parts'
import { del, get, patch, post } from '../lib/api'
import { t } from '../lib/i18n'
import { nt } from '../lib/network_words'
import { uuid } from '../lib/ids'
import type { Account, Tag, View } from '../lib/types'
import { customViews } from '../state/lists'
import { refreshTags, refreshViews } from '../state/reference'
import { can, session, tags } from '../state/store'
import { complain, errorText } from '../state/toasts'
import { AskButton, FormError, PageTitle, useSaving } from './common'
import { MailboxChoice } from './mailbox_choice'

export function AccountPage() {
  const account = useSignal<Account | null>(null)
  const problem = useSignal<string | null>(null)
  const saving = useSaving()
  useEffect(() => {
    get<Account>('/account').then((found) => void (account.value = found), (error: unknown) => void (problem.value = errorText(error)))
  }, [])
  const now = account.value
  if (problem.value) return <Problem text={problem.value} />
  if (!now) return <Spinner />
  const change = (next: Partial<Account>): void => void (account.value = { ...now, ...next })
  const numberError = (field: string): string | null => (saving.field.value === field ? saving.error.value : null)
  return (
    <>
      <PageTitle title={t('settings.account')} hint={t('account.hint')} />
      <form
        class="settings-form"
        onSubmit={(event) => {
          event.preventDefault()
          void saving.save(async () => {
            const next = await patch<Account>('/account', { name: now.name.trim(), undo_seconds: now.undo_seconds, reopen_days: now.reopen_days, mail_channel_id: now.mail_channel_id })
            // What was typed meanwhile is not saved yet.
            if (account.peek() === now) account.value = next
            const old = session.peek()
            if (old) session.value = { ...old, account: next }
          })
        }}
      >
        <Field label={t('account.name')} error={numberError('name')}>{(props) => <input {...props} type="text" required maxLength={120} dir="auto" value={now.name} onInput={(event) => change({ name: event.currentTarget.value })} />}</Field>
        <Field label={t('account.undo')} hint={t('account.undo_hint')} error={numberError('undo_seconds')}>{(props) => <input {...props} type="number" min={0} max={30} required value={now.undo_seconds} onInput={(event) => change({ undo_seconds: event.currentTarget.valueAsNumber || 0 })} />}</Field>
        <Field label={t('account.reopen')} hint={t('account.reopen_hint')} error={numberError('reopen_days')}>{(props) => <input {...props} type="number" min={0} max={365} required value={now.reopen_days} onInput={(event) => change({ reopen_days: event.currentTarget.valueAsNumber || 0 })} />}</Field>
        <MailboxChoice label={nt('account.mailbox')} hint={nt('account.mailbox_hint')} none={nt('account.no_mailbox')} value={now.mail_channel_id} error={numberError('mail_channel_id')} onChange={(id) => change({ mail_channel_id: id })} />
        {saving.field.value ? null : <FormError saving={saving} />}
        <Button type="submit" tone="primary" disabled={saving.isBusy.value}>{t('common.save')}</Button>
      </form>
    </>
  )
}

function ViewRow({ view }: { view: View }) {
  const name = useSignal(view.name)
  const isMine = !view.is_shared || can('view.share')
  return (
    <li class="rows-row">
      <input class="rows-input" type="text" aria-label={t('view.name')} maxLength={80} dir="auto" disabled={!isMine} value={name} onInput={(event) => void (name.value = event.currentTarget.value)} onBlur={() => { if (name.value.trim() && name.value !== view.name) patch('/views/' + view.id, { name: name.value.trim() }).then(refreshViews, complain) }} />
      {view.is_shared ? <Chip icon="team">{t('view.shared')}</Chip> : <Chip>{t('view.private')}</Chip>}
      {can('view.share') ? <Button small onClick={() => void patch('/views/' + view.id, { is_shared: !view.is_shared }).then(refreshViews, complain)}>{view.is_shared ? t('view.unshare') : t('view.share')}</Button> : null}
      {isMine ? <AskButton label={t('common.delete')} title={t('teams.delete', { name: view.name })} text={t('view.delete_text')} onConfirm={() => void del('/views/' + view.id).then(refreshViews, complain)} /> : null}
    </li>
  )
}

export function Views() {
  return (
    <>
      <PageTitle title={t('settings.views')} hint={t('views.hint')} />
      {customViews.value.length === 0 ? <p class="settings-empty">{t('view.own_hint')}</p> : null}
      <ul class="rows">{customViews.value.map((view) => <ViewRow key={view.id} view={view} />)}</ul>
    </>
  )
}

function TagRow({ tag }: { tag: Tag }) {
  const name = useSignal(tag.name)
  return (
    <li class="rows-row">
      <input class="rows-input" type="text" aria-label={t('tags.name')} maxLength={60} dir="auto" value={name} onInput={(event) => void (name.value = event.currentTarget.value)} onBlur={() => { if (name.value.trim() && name.value !== tag.name) patch('/tags/' + tag.id, { name: name.value.trim() }).then(refreshTags, complain) }} />
      <AskButton label={t('common.delete')} title={t('teams.delete', { name: tag.name })} text={t('tags.delete_text')} onConfirm={() => void del('/tags/' + tag.id).then(refreshTags, complain)} />
    </li>
  )
}

export function Tags() {
  const saving = useSaving()
  const name = useSignal('')
  return (
    <>
      <PageTitle title={t('settings.tags')} hint={t('tags.hint')} />
      <form class="inline-form" onSubmit={(event) => { event.preventDefault(); void saving.save(async () => { await post<Tag>('/tags', { name: name.value.trim() }, uuid()); name.value = ''; refreshTags() }) }}>
        <input type="text" required maxLength={60} dir="auto" aria-label={t('tags.new')} placeholder={t('tags.new')} value={name} onInput={(event) => void (name.value = event.currentTarget.value)} />
        <Button type="submit" tone="primary" icon="plus" disabled={saving.isBusy.value}>{t('common.add')}</Button>
      </form>
      <FormError saving={saving} />
      {tags.value.length === 0 ? <p class="settings-empty">{t('tags.none')}</p> : null}
      <ul class="rows">{tags.value.map((tag) => <TagRow key={tag.id} tag={tag} />)}</ul>
    </>
  )
}

