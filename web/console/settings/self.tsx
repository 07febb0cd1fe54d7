// One's own pages: profile, security, appearance, notifications, keyboard.
import { useSignal } from '@preact/signals'
import { useRef } from 'preact/hooks'
import { Avatar, Button, Field, Keys, Switch } from '../ui/parts'
import { del, post, put } from '../lib/api'
import { age, dateTime, languageName } from '../lib/format'
import { consoleLocales, locale, pickLocale, setLocale, t } from '../lib/i18n'
import { comboOf } from '../lib/keys'
import type { Agent, SessionRow } from '../lib/types'
import { commands, keysOf } from '../state/commands'
import { hasCalls } from '../state/calls'
import { look } from '../state/look'
import { askPermission, permission } from '../state/notify'
import { changeMe, changeSettings, setAppearance, setMe } from '../state/session'
import { me, mySettings } from '../state/store'
import { complain, toast } from '../state/toasts'
import { sendFile } from '../state/uploads'
import { groupName } from '../palette/palette'
import { AskButton, Code, FormError, Listed, PageTitle, Section, useListing, useSaving } from './common'
import { MIN_PASSWORD } from '../auth/link_page'
import { QrCode } from './qr'
import type { RecoveryCodes } from '../../shared/api/types'

function Photo() {
  const picker = useRef<HTMLInputElement>(null)
  const saving = useSaving()
  const self = me.value
  const upload = async (file: File | undefined): Promise<void> => {
    if (!file) return
    await saving.save(async () => {
      const { uploadId } = await sendFile(file, new AbortController().signal, () => undefined)
      setMe(await put<Agent>('/me/photo', { upload_id: uploadId }))
    })
  }
  return (
    <div class="photo">
      <Avatar name={self?.name ?? ''} photo={self?.photo_url ?? null} size={64} />
      <div>
        <Button small onClick={() => picker.current?.click()} disabled={saving.isBusy.value}>{t('profile.photo')}</Button>{' '}
        {self?.photo_url ? <Button small tone="quiet" onClick={() => void saving.save(async () => { await del('/me/photo'); setMe({ photo_url: null }) })}>{t('profile.photo_remove')}</Button> : null}
        <input ref={picker} type="file" accept="image/png,image/jpeg,image/webp" hidden aria-label={t('profile.photo')} onChange={(event) => void upload(event.currentTarget.files?.[0])} />
        <FormError saving={saving} />
      </div>
    </div>
  )
}

const zones = (): string[] => (typeof Intl.supportedValuesOf === 'function' ? Intl.supportedValuesOf('timeZone') : [])

export function Profile() {
  const self = me.value
  const saving = useSaving()
  const name = useSignal(self?.name ?? '')
  const introduction = useSignal(self?.introduction ?? '')
  const phone = useSignal(self?.phone ?? '')
  const zone = useSignal(self?.time_zone ?? Intl.DateTimeFormat().resolvedOptions().timeZone)
  const language = useSignal<string>(self?.locale ?? locale.peek())
  return (
    <>
      <PageTitle title={t('settings.profile')} hint={t('profile.hint')} />
      <Photo />
      <form
        class="settings-form"
        onSubmit={(event) => {
          event.preventDefault()
          void saving.save(async () => {
            await changeMe({ ...(phone.value.trim() === (self?.phone ?? '') ? {} : { phone: phone.value.trim() || null }), name: name.value.trim(), introduction: introduction.value.trim(), locale: language.value, time_zone: zone.value })
            await setLocale(pickLocale([language.value]))
          })
        }}
      >
        <Field label={t('profile.name')}>{(props) => <input {...props} type="text" required maxLength={120} dir="auto" autocomplete="name" value={name} onInput={(event) => void (name.value = event.currentTarget.value)} />}</Field>
        <Field label={t('profile.introduction')} hint={t('profile.introduction_hint')}>{(props) => <textarea {...props} rows={3} maxLength={500} dir="auto" value={introduction} onInput={(event) => void (introduction.value = event.currentTarget.value)} />}</Field>
        <Field label={t('door.language')}>{(props) => <select {...props} value={language.value} onChange={(event) => void (language.value = event.currentTarget.value)}>{consoleLocales.map((one) => <option key={one} value={one} lang={one}>{new Intl.DisplayNames([one], { type: 'language' }).of(one) ?? languageName(one)}</option>)}</select>}</Field>
        <Field label={t('profile.zone')}>{(props) => <select {...props} value={zone.value} onChange={(event) => void (zone.value = event.currentTarget.value)}>{[...new Set([zone.value, ...zones()])].map((one) => <option key={one}>{one}</option>)}</select>}</Field>
        {hasCalls.value ? <Field label={t('profile.phone')} hint={t('profile.phone_hint')} error={saving.field.value === 'phone' ? saving.error.value : null}>{(props) => <input {...props} type="tel" dir="ltr" autocomplete="tel" maxLength={120} placeholder="+8801711000000" value={phone} onInput={(event) => void (phone.value = event.currentTarget.value)} />}</Field> : null}
        {saving.field.value === 'phone' ? null : <FormError saving={saving} />}
        <Button type="submit" tone="primary" disabled={saving.isBusy.value}>{t('common.save')}</Button>
      </form>
    </>
  )
}

function Password() {
  const saving = useSaving()
  const current = useSignal('')
  const next = useSignal('')
  return (
    <form
      class="settings-form"
      onSubmit={(event) => {
        event.preventDefault()
        void saving.save(() => post('/me/password', { current: current.value, new: next.value }), t('security.password_changed')).then((ok) => {
          if (ok) current.value = next.value = ''
        })
      }}
    >
      <input type="email" autocomplete="username" value={me.value?.email ?? ''} hidden readOnly />
      <Field label={t('security.current')} error={saving.field.value === 'current' ? saving.error.value : null}>{(props) => <input {...props} type="password" required dir="ltr" autocomplete="current-password" value={current} onInput={(event) => void (current.value = event.currentTarget.value)} />}</Field>
      <Field label={t('link.password')} hint={t('link.password_hint', { count: MIN_PASSWORD })} error={saving.field.value === 'new' ? saving.error.value : null}>{(props) => <input {...props} type="password" required minLength={MIN_PASSWORD} dir="ltr" autocomplete="new-password" value={next} onInput={(event) => void (next.value = event.currentTarget.value)} />}</Field>
      {saving.field.value ? null : <FormError saving={saving} />}
      <Button type="submit" disabled={saving.isBusy.value}>{t('security.change_password')}</Button>
    </form>
  )
}

function SecondFactor() {
  const saving = useSaving()
  const started = useSignal<{ secret: string; uri: string } | null>(null)
  const codes = useSignal<string[] | null>(null)
  const code = useSignal('')
  const password = useSignal('')
  const has = me.value?.has_totp ?? false
  if (codes.value) {
    return (
      <div class="secret" role="status">
        <strong>{t('security.codes')}</strong>
        <p>{t('security.codes_hint')}</p>
        <Code text={codes.value.join('\n')} label={t('security.codes')} />
        <Button small onClick={() => void (codes.value = null)}>{t('secret.kept')}</Button>
      </div>
    )
  }
  if (has) {
    return (
      <form class="settings-form" onSubmit={(event) => { event.preventDefault(); void saving.save(() => post('/me/totp/disable', { password: password.value }), t('security.totp_off')).then((ok) => { if (ok) { setMe({ has_totp: false }); password.value = '' } }) }}>
        <p class="settings-good">{t('security.totp_is_on')}</p>
        <Field label={t('security.current')}>{(props) => <input {...props} type="password" required dir="ltr" autocomplete="current-password" value={password} onInput={(event) => void (password.value = event.currentTarget.value)} />}</Field>
        <FormError saving={saving} />
        <Button type="submit" tone="danger">{t('security.totp_disable')}</Button>
      </form>
    )
  }
  if (!started.value) {
    return (
      <>
        <FormError saving={saving} />
        <Button icon="shield" onClick={() => void saving.save(async () => void (started.value = await post('/me/totp')), '')}>{t('security.totp_start')}</Button>
      </>
    )
  }
  return (
    <form class="settings-form" onSubmit={(event) => { event.preventDefault(); void saving.save(async () => { codes.value = (await post<RecoveryCodes>('/me/totp/confirm', { code: code.value.trim() })).recovery_codes; setMe({ has_totp: true }); started.value = null }, t('security.totp_is_on')) }}>
      <p>{t('security.totp_scan')}</p>
      <QrCode text={started.value.uri} label={t('security.totp_scan')} />
      <Code text={started.value.secret} label={t('security.totp_secret')} />
      <p><a href={started.value.uri}>{t('security.totp_link')}</a></p>
      <Field label={t('door.code')}>{(props) => <input {...props} type="text" inputMode="numeric" required dir="ltr" autocomplete="one-time-code" value={code} onInput={(event) => void (code.value = event.currentTarget.value)} />}</Field>
      <FormError saving={saving} />
      <Button type="submit" tone="primary">{t('security.totp_confirm')}</Button>
    </form>
  )
}

/** "Chrome on Linux" out of a user agent string, roughly; the whole string is the title. */
export function deviceName(agent: string | null): string {
  if (!agent) return '—'
  const browser = /Firefox|Edg|OPR|Chrome|Safari|curl/.exec(agent)?.[0] ?? ''
  const system = /Windows|Android|iPhone|iPad|Mac OS X|Linux/.exec(agent)?.[0] ?? ''
  return [browser.replace('Edg', 'Edge').replace('OPR', 'Opera'), system].filter(Boolean).join(' · ') || agent.slice(0, 40)
}

function Sessions() {
  const listing = useListing<SessionRow>('/sessions')
  const end = (work: Promise<unknown>): void => void work.then(() => listing.reload(), complain)
  return (
    <Listed listing={listing} empty="—">
      {(items) => (
        <>
          <ul class="rows">
            {items.map((one) => (
              <li key={one.id} class="rows-row">
                <span class="rows-main">
                  <strong title={one.user_agent ?? ''} dir="ltr">{deviceName(one.user_agent)}</strong>
                  <small>{one.ip} · {t('security.seen', { age: age(one.last_seen_at) })} · {dateTime(one.created_at)}</small>
                </span>
                {one.is_current ? <span class="chip chip-good">{t('security.this_one')}</span> : <Button small onClick={() => end(del('/sessions/' + one.id))}>{t('security.end')}</Button>}
              </li>
            ))}
          </ul>
          {items.length > 1 ? <AskButton icon="outside" label={t('security.end_others')} title={t('security.end_others')} text={t('security.end_others_text')} onConfirm={() => end(post('/sessions/revoke-others'))} /> : null}
        </>
      )}
    </Listed>
  )
}

export function Security() {
  return (
    <>
      <PageTitle title={t('settings.security')} />
      <Section title={t('door.password')}><Password /></Section>
      <Section title={t('security.totp')} hint={t('security.totp_hint')}><SecondFactor /></Section>
      <Section title={t('security.sessions')} hint={t('security.sessions_hint')}><Sessions /></Section>
    </>
  )
}

function Options<T extends string>({ label, value, options, onChange }: { label: string; value: T; options: readonly (readonly [T, string])[]; onChange: (value: T) => void }) {
  return (
    <fieldset class="options">
      <legend>{label}</legend>
      <div>
        {options.map(([key, name]) => (
          <label key={key} class={key === value ? 'option option-on' : 'option'}>
            <input type="radio" name={label} checked={key === value} onChange={() => onChange(key)} />
            {name}
          </label>
        ))}
      </div>
    </fieldset>
  )
}

export function Appearance() {
  const now = look.value
  return (
    <>
      <PageTitle title={t('settings.appearance')} hint={t('appearance.hint')} />
      <Options label={t('appearance.theme')} value={now.theme} options={[['auto', t('appearance.auto')], ['light', t('appearance.light')], ['dark', t('appearance.dark')]]} onChange={(theme) => setAppearance({ theme })} />
      <Options label={t('appearance.density')} value={now.density} options={[['comfortable', t('appearance.comfortable')], ['compact', t('appearance.compact')]]} onChange={(density) => setAppearance({ density })} />
      <Options label={t('appearance.contrast')} value={now.contrast} options={[['normal', t('appearance.normal')], ['high', t('appearance.high')]]} onChange={(contrast) => setAppearance({ contrast })} />
    </>
  )
}

export function Notifications() {
  const settings = mySettings.value
  return (
    <>
      <PageTitle title={t('settings.notifications')} hint={t('notifications.hint')} />
      {permission.value === 'denied' ? <p class="settings-warn">{t('notifications.denied')}</p> : null}
      {permission.value === 'unsupported' ? <p class="settings-warn">{t('notifications.unsupported')}</p> : null}
      <Switch
        label={t('notifications.desktop')}
        hint={t('notifications.desktop_hint')}
        checked={settings.notify_desktop === true && permission.value === 'granted'}
        disabled={permission.value === 'denied' || permission.value === 'unsupported'}
        onChange={(value) => {
          if (value && permission.peek() !== 'granted') void askPermission().then((ok) => changeSettings({ notify_desktop: ok }))
          else changeSettings({ notify_desktop: value })
        }}
      />
    </>
  )
}

function KeyField({ id }: { id: string }) {
  const one = commands().find((command) => command.id === id)
  const isListening = useSignal(false)
  if (!one) return null
  const keys = keysOf(one)
  const own = mySettings.value.keys ?? {}
  const set = (combo: string | null): void => {
    const next = { ...own }
    if (combo === null) delete next[id]
    else next[id] = combo
    changeSettings({ keys: next })
    isListening.value = false
  }
  return (
    <div class="rows-row">
      <span class="rows-main">{t(one.title)}</span>
      {isListening.value ? (
        <input
          class="key-catch"
          type="text"
          readOnly
          autofocus
          ref={(element) => element?.focus()}
          value={t('keys.press')}
          aria-label={t('keys.press')}
          onBlur={() => void (isListening.value = false)}
          onKeyDown={(event) => {
            event.preventDefault()
            event.stopPropagation()
            if (event.key === 'Escape') isListening.value = false
            else if (event.key === 'Backspace' || event.key === 'Delete') set('')
            else {
              const combo = comboOf(event)
              if (!combo) return
              const taken = commands().find((other) => other.id !== id && keysOf(other).includes(combo))
              if (taken) toast(t('keys.taken', { name: t(taken.title) }), { tone: 'bad' })
              else set(combo)
            }
          }}
        />
      ) : (
        <span class="rows-keys">{keys.map((combo) => <Keys key={combo} combo={combo} />)}</span>
      )}
      <Button small onClick={() => void (isListening.value = true)} aria-label={t('keys.change_of', { name: t(one.title) })}>{t('keys.change')}</Button>
      {own[id] !== undefined ? <Button small tone="quiet" onClick={() => set(null)}>{t('keys.reset')}</Button> : null}
    </div>
  )
}

export function KeysPage() {
  const groups = [...new Set(commands().map((one) => one.group))]
  return (
    <>
      <PageTitle title={t('settings.keys')} hint={t('keys.hint')} />
      <Switch label={t('keys.single')} hint={t('keys.single_hint')} checked={mySettings.value.single_keys !== false} onChange={(value) => changeSettings({ single_keys: value })} />
      {groups.map((group) => (
        <Section key={group} title={groupName(group)}>
          <div class="rows">{commands().filter((one) => one.group === group).map((one) => <KeyField key={one.id} id={one.id} />)}</div>
        </Section>
      ))}
    </>
  )
}

