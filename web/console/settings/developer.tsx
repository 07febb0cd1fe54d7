// For machines: API tokens, and webhooks with the log of what was delivered.
import { useSignal } from '@preact/signals'
import { Button, Chip, Dialog, Field, Switch, Words } from '../ui/parts'
import { Menu } from '../ui/menu'
import { del, patch, post } from '../lib/api'
import { age, dateTime } from '../lib/format'
import { t } from '../lib/i18n'
import { uuid } from '../lib/ids'
import { go, route } from '../lib/router'
import type { Delivery, Token, Webhook } from '../lib/types'
import { complain, toast } from '../state/toasts'
import { AskButton, Code, FIRST_ROWS, FormError, Listed, PageTitle, SecretOnce, useListing, useSaving } from './common'
import { CapabilityChoice } from './people'
import type { SecretRotated } from '../../shared/api/types'

function TokenDialog({ onClose }: { onClose: (made: Token | null) => void }) {
  const saving = useSaving()
  const name = useSignal('')
  const scopes = useSignal<string[]>(['conversation.read'])
  const expires = useSignal('')
  const key = useSignal(uuid())
  return (
    <Dialog label={t('tokens.new')} onClose={() => onClose(null)}>
      <h2>{t('tokens.new')}</h2>
      <form
        onSubmit={(event) => {
          event.preventDefault()
          let made: Token | null = null
          void saving.save(async () => {
            made = await post<Token>('/tokens', { name: name.value.trim(), scopes: scopes.value, ...(expires.value ? { expires_at: new Date(expires.value).toISOString() } : {}) }, key.value)
          }, '').then((ok) => { key.value = uuid(); if (ok) onClose(made) })
        }}
      >
        <Field label={t('profile.name')} hint={t('tokens.name_hint')}>{(props) => <input {...props} type="text" required maxLength={80} dir="auto" autofocus value={name} onInput={(event) => void (name.value = event.currentTarget.value)} />}</Field>
        <CapabilityChoice chosen={scopes.value} onChange={(names) => void (scopes.value = names)} />
        <Field label={t('tokens.expires')} hint={t('tokens.expires_hint')}>{(props) => <input {...props} type="date" value={expires} min={new Date().toISOString().slice(0, 10)} onInput={(event) => void (expires.value = event.currentTarget.value)} />}</Field>
        <FormError saving={saving} />
        <div class="dialog-actions">
          <Button onClick={() => onClose(null)}>{t('common.cancel')}</Button>
          <Button type="submit" tone="primary" disabled={saving.isBusy.value || scopes.value.length === 0}>{t('tokens.create')}</Button>
        </div>
      </form>
    </Dialog>
  )
}

export function Tokens() {
  const listing = useListing<Token>('/tokens')
  const isNew = useSignal(false)
  const made = useSignal<Token | null>(null)
  return (
    <>
      <PageTitle title={t('settings.tokens')} hint={t('tokens.hint')}>
        <Button tone="primary" icon="plus" onClick={() => void (isNew.value = true)}>{t('tokens.new')}</Button>
      </PageTitle>
      <p class="settings-hint"><a href="/docs" target="_blank" rel="noopener">{t('tokens.docs')}</a></p>
      {made.value?.secret ? <SecretOnce label={made.value.name} secret={made.value.secret} onDone={() => void (made.value = null)} /> : null}
      <Listed listing={listing} empty={t('tokens.none')}>
        {(items) => (
          <ul class="rows">
            {items.map((one) => (
              <li key={one.id} class="rows-row">
                <span class="rows-main">
                  <strong><Words text={one.name} /> <code dir="ltr">{one.prefix}…</code></strong>
                  <small>{one.last_used_at ? t('tokens.used', { age: age(one.last_used_at) }) : t('tokens.never_used')}{one.expires_at ? ' · ' + t('tokens.until', { time: dateTime(one.expires_at) }) : ''}</small>
                </span>
                <Chip>{t('roles.count', { count: one.scopes.length })}</Chip>
                <AskButton label={t('tokens.revoke')} title={t('tokens.revoke_title', { name: one.name })} text={t('tokens.revoke_text')} onConfirm={() => void del('/tokens/' + one.id).then(() => listing.reload(), complain)} />
              </li>
            ))}
          </ul>
        )}
      </Listed>
      {isNew.value ? <TokenDialog onClose={(token) => { isNew.value = false; made.value = token; if (token) void listing.reload() }} /> : null}
    </>
  )
}

const EVENTS = ['*', 'message.created', 'message.updated', 'conversation.created', 'conversation.updated', 'contact.updated', 'notification.created', 'channel.updated', 'agent.updated', 'team.updated', 'tag.updated'] as const

function WebhookDialog({ webhook, onClose }: { webhook: Webhook | null; onClose: (saved: Webhook | null) => void }) {
  const saving = useSaving()
  const name = useSignal(webhook?.name ?? '')
  const url = useSignal(webhook?.url ?? 'https://')
  const events = useSignal<string[]>(webhook?.events ?? ['*'])
  const key = useSignal(uuid())
  const title = webhook ? t('webhooks.edit', { name: webhook.name }) : t('webhooks.new')
  const submit = async (): Promise<void> => {
    let saved: Webhook | null = null
    const body = { name: name.value.trim(), url: url.value.trim(), events: events.value }
    const ok = await saving.save(async () => {
      saved = await (webhook ? patch<Webhook>('/webhooks/' + webhook.id, body) : post<Webhook>('/webhooks', { ...body, is_enabled: true }, key.value))
    })
    key.value = uuid()
    if (ok) onClose(saved)
  }
  return (
    <Dialog label={title} onClose={() => onClose(null)}>
      <h2>{title}</h2>
      <form onSubmit={(event) => { event.preventDefault(); void submit() }}>
        <Field label={t('profile.name')}>{(props) => <input {...props} type="text" required maxLength={80} dir="auto" autofocus value={name} onInput={(event) => void (name.value = event.currentTarget.value)} />}</Field>
        <Field label={t('webhooks.url')} error={saving.field.value === 'url' ? saving.error.value : null}>{(props) => <input {...props} type="url" required dir="ltr" value={url} onInput={(event) => void (url.value = event.currentTarget.value)} />}</Field>
        <fieldset class="choices choices-grid">
          <legend>{t('webhooks.events')}</legend>
          {EVENTS.map((one) => (
            <label key={one}>
              <input type="checkbox" checked={events.value.includes(one)} onChange={(event) => { const rest = events.value.filter((other) => other !== one && (one === '*' ? false : other !== '*')); events.value = event.currentTarget.checked ? [...rest, one] : rest }} />
              {one === '*' ? t('webhooks.all_events') : <code dir="ltr">{one}</code>}
            </label>
          ))}
        </fieldset>
        {saving.field.value === 'url' ? null : <FormError saving={saving} />}
        <div class="dialog-actions">
          <Button onClick={() => onClose(null)}>{t('common.cancel')}</Button>
          <Button type="submit" tone="primary" disabled={saving.isBusy.value || !events.value.length}>{t('common.save')}</Button>
        </div>
      </form>
    </Dialog>
  )
}

function deliveryState(state: Delivery['state']): { text: string; tone: string } {
  switch (state) {
    case 'queued':
      return { text: t('delivery.queued'), tone: 'plain' }
    case 'sending':
      return { text: t('delivery.sending'), tone: 'medium' }
    case 'delivered':
      return { text: t('delivery.delivered'), tone: 'good' }
    case 'failed':
      return { text: t('delivery.failed'), tone: 'warn' }
    case 'dead':
      return { text: t('delivery.dead'), tone: 'urgent' }
  }
}

const asText = (value: unknown): string => (typeof value === 'string' ? value : JSON.stringify(value, null, 2))

function Deliveries({ webhook }: { webhook: string }) {
  const listing = useListing<Delivery>(`/webhooks/${webhook}/deliveries`, FIRST_ROWS)
  return (
    <>
      <PageTitle title={t('webhooks.deliveries')}>
        <Button icon="refresh" onClick={() => void listing.reload()}>{t('common.refresh')}</Button>
        <Button icon="back" onClick={() => go('/settings/webhooks')}>{t('settings.webhooks')}</Button>
      </PageTitle>
      <Listed listing={listing} empty={t('webhooks.no_deliveries')}>
        {(items) => (
          <div class="rows">
            {items.map((one) => {
              const state = deliveryState(one.state)
              return (
                <details key={one.id} class="delivery">
                  <summary>
                    <Chip tone={state.tone}>{state.text}</Chip>
                    <code dir="ltr">{one.event_type}</code>
                    <span class="delivery-sub">{t('delivery.attempts', { count: one.attempts })}{one.last_status ? ' · HTTP ' + one.last_status : ''}</span>
                    <span class="delivery-at">{dateTime(one.created_at)}</span>
                  </summary>
                  {one.last_error ? <p class="settings-warn"><Words text={one.last_error} /></p> : null}
                  {one.next_attempt_at ? <p class="settings-hint">{t('delivery.next', { time: dateTime(one.next_attempt_at) })}</p> : null}
                  {one.request ? <Code text={asText(one.request)} label={t('delivery.request')} /> : null}
                  {one.response ? <Code text={asText(one.response)} label={t('delivery.response')} /> : null}
                  {one.state === 'failed' || one.state === 'dead' ? <Button small icon="refresh" onClick={() => void post(`/deliveries/${one.id}/retry`).then(() => listing.reload(), complain)}>{t('common.retry')}</Button> : null}
                </details>
              )
            })}
          </div>
        )}
      </Listed>
    </>
  )
}

export function Webhooks() {
  const current = route.value
  const item = current.page === 'settings' ? current.item : null
  return item ? <Deliveries webhook={item} /> : <WebhookList />
}

function WebhookList() {
  const listing = useListing<Webhook>('/webhooks', FIRST_ROWS)
  const edited = useSignal<Webhook | 'new' | null>(null)
  const secret = useSignal<{ name: string; secret: string } | null>(null)
  return (
    <>
      <PageTitle title={t('settings.webhooks')} hint={t('webhooks.hint')}>
        <Button tone="primary" icon="plus" onClick={() => void (edited.value = 'new')}>{t('webhooks.new')}</Button>
      </PageTitle>
      {secret.value ? <SecretOnce label={t('webhooks.secret', { name: secret.value.name })} secret={secret.value.secret} onDone={() => void (secret.value = null)} /> : null}
      <Listed listing={listing} empty={t('webhooks.none')}>
        {(items) => (
          <ul class="rows">
            {items.map((one) => (
              <li key={one.id} class="rows-row">
                <span class="rows-main"><strong><Words text={one.name} /></strong><small dir="ltr">{one.url}</small></span>
                <Chip>{one.events.includes('*') ? t('webhooks.all_events') : t('webhooks.count', { count: one.events.length })}</Chip>
                <Switch label={t('channels.enabled')} checked={one.is_enabled} onChange={(is_enabled) => void patch('/webhooks/' + one.id, { is_enabled }).then(() => listing.reload(), complain)} />
                <Button small onClick={() => go('/settings/webhooks/' + one.id)}>{t('webhooks.deliveries')}</Button>
                <Menu
                  label={t('view.menu', { name: one.name })}
                  icon="more"
                  items={[
                    { label: t('common.edit'), icon: 'edit', run: () => void (edited.value = one) },
                    { label: t('webhooks.test'), icon: 'send', run: () => void post(`/webhooks/${one.id}/test`).then(() => toast(t('webhooks.tested')), complain) },
                    { label: t('channels.rotate'), icon: 'refresh', run: () => void post<SecretRotated>(`/webhooks/${one.id}/rotate-secret`).then((answer) => void (secret.value = { name: one.name, secret: answer.secret }), complain) },
                    { label: t('common.delete'), icon: 'trash', tone: 'danger', run: () => void del('/webhooks/' + one.id).then(() => listing.reload(), complain) },
                  ]}
                />
              </li>
            ))}
          </ul>
        )}
      </Listed>
      {edited.value ? <WebhookDialog webhook={edited.value === 'new' ? null : edited.value} onClose={(saved) => { edited.value = null; if (saved?.secret) secret.value = { name: saved.name, secret: saved.secret }; if (saved) void listing.reload() }} /> : null}
    </>
  )
}

