// The website chat's looks, form and rules, with the real widget beside them as it will be.
import { useSignal, type Signal } from '@preact/signals'
import { useEffect, useLayoutEffect, useRef } from 'preact/hooks'
import { Button, Field, IconButton, Switch } from '../ui/parts'
import { get, post } from '../lib/api'
import { locale, t } from '../lib/i18n'
import { nt } from '../lib/network_words'
import { languageName } from '../lib/format'
import type { Channel, PrechatField, PrechatType, WidgetSettings } from '../lib/types'
import { agents } from '../state/store'
import { complain } from '../state/toasts'
import { Logo, logoUrl } from './logo'
import { MailboxChoice } from './mailbox_choice'
import { AskButton, Code, FormError, patchChannel, SecretOnce, Section, useSaving } from './common'
import type { SecretRotated, Snippet } from '../../shared/api/types'

type Stored = NonNullable<WidgetSettings['prechat']>
type Prechat = Stored & Required<Pick<Stored, 'enabled' | 'fields'>>
const COLORS = ['#1f6feb', '#0f766e', '#b4232a', '#7a2489', '#8a5300', '#1f7a43', '#0d5a70', '#1b1f27'] as const
const LANGUAGES = ['en', 'bn', 'ar'] as const

function Preview({ channel, name, languages, settings }: { channel: Channel; name: string; languages: string[]; settings: WidgetSettings }) {
  const frame = useRef<HTMLIFrameElement>(null)
  const isReady = useSignal(false)
  useEffect(() => {
    const listen = (event: MessageEvent): void => {
      if (event.source === frame.current?.contentWindow && event.origin === location.origin && (event.data as { type?: string } | null)?.type === 'ready') isReady.value = true
    }
    addEventListener('message', listen)
    return () => removeEventListener('message', listen)
  }, [])
  useEffect(() => {
    if (!isReady.value) return
    const config = {
      channel_name: name,
      settings: { ...settings, logo_url: logoUrl(channel, settings) },
      languages,
      agents: agents.peek().filter((one) => one.is_active).slice(0, 3).map((one) => ({ name: one.name.split(' ')[0] ?? one.name, photo_url: settings.show_agent_photo === false ? null : one.photo_url, introduction: one.introduction })),
      is_staffed: true,
    }
    frame.current?.contentWindow?.postMessage({ seva: 1, type: 'preview', config, locale: locale.peek() }, location.origin)
  }, [isReady.value, channel, name, languages, settings])
  return (
    <aside class="preview" aria-label={t('widget.preview')}>
      <h2>{t('widget.preview')}</h2>
      <iframe ref={frame} class="preview-frame" title={t('widget.preview')} src={`/widget/frame?preview=1&locale=${locale.value}`} />
      <span class={`preview-launcher preview-${settings.position ?? 'right'}`} style={{ background: settings.color ?? COLORS[0] }}>{settings.launcher_text || t('widget.chat')}</span>
    </aside>
  )
}

function PrechatEditor({ prechat, onChange }: { prechat: Prechat; onChange: (next: Prechat) => void }) {
  const set = (at: number, change: Partial<PrechatField>): void => onChange({ ...prechat, fields: prechat.fields.map((one, index) => (index === at ? { ...one, ...change } : one)) })
  const move = (at: number, by: number): void => {
    const fields = [...prechat.fields]
    const [one] = fields.splice(at, 1)
    if (one) fields.splice(at + by, 0, one)
    onChange({ ...prechat, fields })
  }
  const types: Record<PrechatType, string> = { text: t('prechat.text'), email: t('prechat.email'), tel: t('prechat.tel'), select: t('prechat.select'), textarea: t('prechat.textarea') }
  const add = (): void => {
    const known = new Set(prechat.fields.map((one) => one.key))
    const next: PrechatField = !known.has('name') ? { key: 'name', label: t('profile.name'), type: 'text', required: true }
      : !known.has('email') ? { key: 'email', label: t('door.email'), type: 'email', required: true }
      : { key: 'field_' + (prechat.fields.length + 1), label: '', type: 'text', required: false }
    onChange({ ...prechat, fields: [...prechat.fields, next] })
  }
  return (
    <>
      <Switch label={t('prechat.enabled')} hint={t('prechat.hint')} checked={prechat.enabled} onChange={(enabled) => onChange({ ...prechat, enabled })} />
      {prechat.enabled ? (
        <>
          <ol class="prechat">
            {prechat.fields.map((field, at) => (
              <li key={at} class="prechat-field">
                <input type="text" aria-label={t('prechat.label')} placeholder={t('prechat.label')} dir="auto" maxLength={80} value={field.label} onInput={(event) => set(at, { label: event.currentTarget.value })} />
                <select aria-label={t('prechat.type')} value={field.type} onChange={(event) => set(at, { type: event.currentTarget.value as PrechatType })}>
                  {(Object.keys(types) as PrechatType[]).map((type) => <option key={type} value={type}>{types[type]}</option>)}
                </select>
                <label class="prechat-required"><input type="checkbox" checked={field.required === true} onChange={(event) => set(at, { required: event.currentTarget.checked })} />{t('prechat.required')}</label>
                <span class="prechat-moves">
                  <IconButton icon="up" label={t('prechat.up')} disabled={at === 0} onClick={() => move(at, -1)} />
                  <IconButton icon="down" label={t('prechat.down')} disabled={at === prechat.fields.length - 1} onClick={() => move(at, 1)} />
                  <IconButton icon="trash" label={t('prechat.remove')} onClick={() => onChange({ ...prechat, fields: prechat.fields.filter((_, index) => index !== at) })} />
                </span>
                {field.type === 'select' ? <input class="prechat-options" type="text" aria-label={t('prechat.options')} placeholder={t('prechat.options')} dir="auto" value={(field.options ?? []).join(', ')} onChange={(event) => set(at, { options: event.currentTarget.value.split(',').map((one) => one.trim()).filter(Boolean) })} /> : null}
              </li>
            ))}
          </ol>
          <Button small icon="plus" disabled={prechat.fields.length >= 10} onClick={add}>{t('prechat.add')}</Button>
          <Field label={t('prechat.consent')} hint={t('prechat.consent_hint')}>{(props) => <textarea {...props} rows={2} maxLength={1000} dir="auto" value={prechat.consent_text ?? ''} onInput={(event) => onChange({ ...prechat, consent_text: event.currentTarget.value || null })} />}</Field>
          <Field label={t('prechat.privacy')}>{(props) => <input {...props} type="url" dir="ltr" placeholder="https://" value={prechat.privacy_url ?? ''} onInput={(event) => onChange({ ...prechat, privacy_url: event.currentTarget.value || null })} />}</Field>
        </>
      ) : null}
    </>
  )
}

function Looks({ settings, change }: { settings: WidgetSettings; change: (next: Partial<WidgetSettings>) => void }) {
  return (
    <>
      <Field label={t('widget.greeting')}>{(props) => <input {...props} type="text" maxLength={120} dir="auto" value={settings.greeting ?? ''} onInput={(event) => change({ greeting: event.currentTarget.value })} />}</Field>
      <Field label={t('widget.intro')}>{(props) => <textarea {...props} rows={2} maxLength={300} dir="auto" value={settings.intro ?? ''} onInput={(event) => change({ intro: event.currentTarget.value })} />}</Field>
      <Field label={t('widget.launcher')}>{(props) => <input {...props} type="text" maxLength={40} dir="auto" value={settings.launcher_text ?? ''} onInput={(event) => change({ launcher_text: event.currentTarget.value })} />}</Field>
      <Field label={t('widget.offline')} hint={t('widget.offline_hint')}>{(props) => <textarea {...props} rows={2} maxLength={500} dir="auto" value={settings.offline_text ?? ''} onInput={(event) => change({ offline_text: event.currentTarget.value })} />}</Field>
      <div class="field">
        <span class="field-label" id="widget-color">{t('widget.color')}</span>
        <div class="swatches" role="group" aria-labelledby="widget-color">
          {COLORS.map((one) => <button key={one} type="button" class="swatch" style={{ background: one }} aria-label={one} aria-pressed={settings.color === one} onClick={() => change({ color: one })} />)}
          <input type="color" aria-label={t('widget.own_color')} value={settings.color ?? COLORS[0]} onInput={(event) => change({ color: event.currentTarget.value })} />
        </div>
      </div>
      <div class="field-pair">
        <Field label={t('widget.position')}>{(props) => <select {...props} value={settings.position ?? 'right'} onChange={(event) => change({ position: event.currentTarget.value as 'left' | 'right' })}><option value="right">{t('widget.right')}</option><option value="left">{t('widget.left')}</option></select>}</Field>
        <Field label={t('appearance.theme')}>{(props) => <select {...props} value={settings.theme ?? 'auto'} onChange={(event) => change({ theme: event.currentTarget.value as 'auto' | 'light' | 'dark' })}><option value="auto">{t('appearance.auto')}</option><option value="light">{t('appearance.light')}</option><option value="dark">{t('appearance.dark')}</option></select>}</Field>
      </div>
      <Switch label={t('widget.photos')} checked={settings.show_agent_photo !== false} onChange={(show_agent_photo) => change({ show_agent_photo })} />
      <Switch label={t('widget.attachments')} checked={settings.attachments_enabled !== false} onChange={(attachments_enabled) => change({ attachments_enabled })} />
      <Switch label={t('widget.transcript')} checked={settings.transcript_enabled !== false} onChange={(transcript_enabled) => change({ transcript_enabled })} />
    </>
  )
}

/** When the visitor has left: answers go by mail, and the conversation goes on there. */
function ByMail({ settings, change }: { settings: WidgetSettings; change: (next: Partial<WidgetSettings>) => void }) {
  const mailbox = settings.mail_channel_id ?? null
  return (
    <>
      <MailboxChoice label={nt('widget.mailbox')} hint={nt('widget.mailbox_hint')} none={nt('widget.no_mailbox')} value={mailbox} onChange={(mail_channel_id) => change({ mail_channel_id })} />
      {mailbox ? <Field label={nt('widget.mail_after')}>{(props) => <input {...props} type="number" min={1} max={1440} required value={settings.mail_after_minutes ?? 5} onInput={(event) => change({ mail_after_minutes: event.currentTarget.valueAsNumber || 5 })} />}</Field> : null}
      <Switch label={nt('widget.transcript_mail')} hint={nt('widget.transcript_mail_hint')} checked={settings.transcript_mail_enabled ?? false} onChange={(transcript_mail_enabled) => change({ transcript_mail_enabled })} />
    </>
  )
}

function Access({ settings, change, origins }: { settings: WidgetSettings; change: (next: Partial<WidgetSettings>) => void; origins: Signal<string> }) {
  return (
    <>
      <Field label={t('widget.origins')} hint={t('widget.origins_hint')}>{(props) => <textarea {...props} rows={3} dir="ltr" placeholder="https://shop.example" value={origins} onInput={(event) => { origins.value = event.currentTarget.value; change({ allowed_origins: event.currentTarget.value.split(/\s+/).filter(Boolean) }) }} />}</Field>
      <Switch label={t('widget.identity')} hint={t('widget.identity_hint')} checked={settings.require_identity ?? false} onChange={(require_identity) => change({ require_identity })} />
    </>
  )
}

function Install({ channel }: { channel: Channel }) {
  const snippet = useSignal<string | null>(null)
  const secret = useSignal<string | null>(null)
  useEffect(() => {
    get<Snippet>(`/channels/${channel.id}/snippet`).then((answer) => void (snippet.value = answer.html), complain)
  }, [channel.id])
  return (
    <>
      <Section title={t('widget.install')} hint={t('widget.install_hint')}>
        {snippet.value ? <Code text={snippet.value} label={t('widget.install')} /> : null}
        <p class="settings-links">
          <a href={`/widget/test?key=${channel.public_key}`} target="_blank" rel="noopener">{t('widget.test_page')}</a>
          <a href={`/widget/link/${channel.public_key}`} target="_blank" rel="noopener">{t('widget.link_page')}</a>
        </p>
      </Section>
      <Section title={t('channels.identity_secret')} hint={t('widget.identity_secret_hint')}>
        {secret.value ? <SecretOnce label={t('channels.identity_secret')} secret={secret.value} onDone={() => void (secret.value = null)} /> : (
          <AskButton icon="refresh" label={t('channels.rotate')} title={t('channels.rotate')} text={t('channels.rotate_text')} onConfirm={() => void post<SecretRotated>(`/channels/${channel.id}/rotate-secret`).then((answer) => void (secret.value = answer.secret), complain)} />
        )}
      </Section>
    </>
  )
}

export function WidgetEditor({ channel, onChange }: { channel: Channel; onChange: (next: Channel) => void }) {
  const saving = useSaving()
  const name = useSignal(channel.name)
  const languages = useSignal<string[]>(channel.languages ?? [])
  const settings = useSignal<WidgetSettings>(channel.settings ?? {})
  const origins = useSignal((channel.settings?.allowed_origins ?? []).join('\n'))
  const isChanged = useSignal(false)
  const stored = JSON.stringify([channel.name, channel.languages, channel.settings])
  useLayoutEffect(() => {
    if (isChanged.peek()) return
    name.value = channel.name
    languages.value = channel.languages ?? []
    settings.value = channel.settings ?? {}
    origins.value = (channel.settings?.allowed_origins ?? []).join('\n')
  }, [stored])
  const change = (next: Partial<WidgetSettings>): void => {
    settings.value = { ...settings.value, ...next }
    isChanged.value = true
  }
  const save = async (): Promise<void> => {
    const written = (): unknown[] => [name.peek(), languages.peek(), settings.peek()]
    const sent = written()
    const ok = await saving.save(async () => onChange(await patchChannel(channel.id, { name: name.value.trim(), languages: languages.value, settings: settings.value })))
    if (ok) isChanged.value = written().some((one, at) => one !== sent[at])
  }
  return (
    <div class="editor">
      <div class="editor-form">
        <Install channel={channel} />
        <form onSubmit={(event) => { event.preventDefault(); void save() }}>
          <Section title={t('widget.looks')}>
            <Field label={t('channels.name')}>{(props) => <input {...props} type="text" required maxLength={80} dir="auto" value={name} onInput={(event) => { name.value = event.currentTarget.value; isChanged.value = true }} />}</Field>
            <Logo channel={channel} settings={settings.value} change={(id) => change({ logo_upload_id: id })} />
            <Looks settings={settings.value} change={change} />
          </Section>
          <Section title={t('widget.languages')} hint={t('widget.languages_hint')}>
            <fieldset class="choices">
              <legend class="sr-only">{t('widget.languages')}</legend>
              {[...new Set([...LANGUAGES, ...languages.value])].map((one) => (
                <label key={one}><input type="checkbox" checked={languages.value.includes(one)} onChange={(event) => { languages.value = event.currentTarget.checked ? [...languages.value, one] : languages.value.filter((other) => other !== one); isChanged.value = true }} />{languageName(one)}</label>
              ))}
            </fieldset>
          </Section>
          <Section title={t('prechat.title')}>
            <PrechatEditor prechat={{ enabled: false, fields: [], ...settings.value.prechat }} onChange={(prechat) => change({ prechat })} />
          </Section>
          <Section title={nt('widget.by_mail')}>
            <ByMail settings={settings.value} change={change} />
          </Section>
          <Section title={t('widget.access')}>
            <Access settings={settings.value} change={change} origins={origins} />
          </Section>
          <div class="editor-save">
            <FormError saving={saving} />
            <span class="editor-state" role="status">{isChanged.value ? t('widget.unsaved') : null}</span>
            <Button type="submit" tone="primary" disabled={saving.isBusy.value || !isChanged.value}>{t('common.save')}</Button>
          </div>
        </form>
      </div>
      <Preview channel={channel} name={name.value} languages={languages.value} settings={settings.value} />
    </div>
  )
}

