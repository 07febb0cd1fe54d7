// The form of a network: what its connector asks, one field a row. What is secret is never shown again: it is set, or replaced.
import { useSignal, type Signal } from '@preact/signals'
import { Button, Field } from '../../ui/parts'
import { locale } from '../../lib/i18n'
import { nt } from '../../lib/network_words'
import type { Network, NetworkSetting } from '../../lib/network_types'
import { choiceName, helpOf, settingName } from './words'
import { Part } from './ivr/bits'
import { IvrEditor } from './ivr/editor'
import { isObject, type Json } from './ivr/model'
import { lazyPart } from '../../ui/lazy'
import type { Written } from './written'

const OwnTexts = lazyPart(() => import('./texts').then((module) => module.OwnTexts))

interface FormProps {
  network: Network
  /** As stored: settings and the names of secrets that are set. */
  stored: Record<string, unknown>
  secrets: Record<string, boolean>
  written: Signal<Written>
  /** A refusal that names a field. */
  field: string | null
  error: string | null
  /** What the last check said of them. */
  note?: string | null
}

const asText = (value: unknown): string => (Array.isArray(value) ? value.join(', ') : typeof value === 'object' && value !== null ? JSON.stringify(value, null, 2) : typeof value === 'string' || typeof value === 'number' ? String(value) : '')

function Help({ kind, setting }: { kind: string; setting: NetworkSetting }) {
  const own = helpOf(kind, setting.name)
  if (own) return <small class="network-help">{own}</small>
  return setting.help ? <small class="network-help" {...(locale.value === 'en' ? {} : { lang: 'en', dir: 'ltr' })}>{setting.help}</small> : null
}

function Secret({ kind, setting, isSet, written, error }: { kind: string; setting: NetworkSetting; isSet: boolean; written: Signal<Written>; error: string | null }) {
  const isOpen = useSignal(!isSet || typeof written.peek()[setting.name] === 'string')
  const name = settingName(setting.name)
  const set = (value: string | null | undefined): void => {
    const { [setting.name]: _, ...rest } = written.peek()
    written.value = value === undefined ? rest : { ...rest, [setting.name]: value }
  }
  if (!isOpen.value) {
    const isGone = written.value[setting.name] === null
    return (
      <div class="field">
        <span class="network-label">{name}</span>
        <span class="network-secret">
          <span>{isGone ? nt('secret.goes') : nt('secret.is_set')}</span>
          <Button small onClick={() => void (isOpen.value = true)} aria-label={nt('secret.replace_name', { name })}>{nt('secret.replace')}</Button>
          {setting.is_required ? null : <Button small tone="quiet" onClick={() => set(isGone ? undefined : null)}>{isGone ? nt('secret.keep') : nt('secret.take_away')}</Button>}
        </span>
        <Help kind={kind} setting={setting} />
      </div>
    )
  }
  return (
    <>
      <Field label={name} error={error}>
        {(props) => <input {...props} type="password" dir="ltr" autocomplete="off" spellcheck={false} required={setting.is_required && !isSet} value={written.value[setting.name] ?? ''} onInput={(event) => set(event.currentTarget.value || undefined)} />}
      </Field>
      <Help kind={kind} setting={setting} />
      {isSet ? <Button small tone="quiet" onClick={() => { set(undefined); isOpen.value = false }}>{nt('secret.keep')}</Button> : null}
    </>
  )
}

function Plain({ kind, setting, stored, written, error }: { kind: string; setting: NetworkSetting; stored: unknown; written: Signal<Written>; error: string | null }) {
  const value = written.value[setting.name] ?? asText(stored)
  const set = (text: string): void => void (written.value = { ...written.peek(), [setting.name]: text })
  if (setting.kind === 'choice') {
    return (
      <>
        <Field label={settingName(setting.name)} error={error}>
          {(props) => (
            <select {...props} value={value || setting.standard || setting.choices[0] || ''} onChange={(event) => set(event.currentTarget.value)}>
              {setting.choices.map((one) => <option key={one} value={one}>{choiceName(setting.name, one)}</option>)}
            </select>
          )}
        </Field>
        <Help kind={kind} setting={setting} />
      </>
    )
  }
  if (setting.kind === 'lines') {
    return (
      <>
        <Field label={settingName(setting.name)} error={error}>
          {(props) => <textarea {...props} rows={4} dir="auto" maxLength={2000} required={setting.is_required} value={value} onInput={(event) => set(event.currentTarget.value)} />}
        </Field>
        <Help kind={kind} setting={setting} />
      </>
    )
  }
  if (setting.kind === 'json') {
    return (
      <>
        <Field label={settingName(setting.name)} error={error}>
          {(props) => <textarea {...props} class="network-json" rows={6} dir="ltr" spellcheck={false} required={setting.is_required} value={value} onInput={(event) => set(event.currentTarget.value)} />}
        </Field>
        <Help kind={kind} setting={setting} />
      </>
    )
  }
  const type = setting.kind === 'url' ? 'url' : setting.kind === 'number' ? 'number' : 'text'
  return (
    <>
      <Field label={settingName(setting.name)} error={error}>
        {(props) => <input {...props} type={type} dir={setting.kind === 'text' ? 'auto' : 'ltr'} autocomplete="off" required={setting.is_required} placeholder={setting.standard ?? ''} value={value} onInput={(event) => set(event.currentTarget.value)} />}
      </Field>
      <Help kind={kind} setting={setting} />
    </>
  )
}

function parsed(text: string): Json {
  try {
    const value: unknown = JSON.parse(text)
    return isObject(value) ? value : {}
  } catch {
    return {}
  }
}

/** The menu of a telephone has an editor of its own. */
function Menu({ setting, stored, written, error, note, isOpen }: { setting: NetworkSetting; stored: unknown; written: Signal<Written>; error: string | null; note: string | null; isOpen: boolean }) {
  const text = written.value[setting.name]
  const now: Json = text ? parsed(text) : text === null ? {} : isObject(stored) ? stored : typeof stored === 'string' ? parsed(stored) : {}
  return (
    <Part kind="network-more ivr-whole" summary={settingName(setting.name)} isOpen={isOpen}>
      <IvrEditor ivr={now} note={note} error={error} onChange={(next) => void (written.value = { ...written.peek(), [setting.name]: Object.keys(next).length ? JSON.stringify(next) : '' })} />
    </Part>
  )
}

/** What the network's own page must know of the app that asks: never folded away. */
const APP_OF: Record<Network['connect'], readonly string[]> = {
  form: [],
  oauth2: ['app_id', 'client_id', 'client_key', 'app_secret', 'client_secret'],
  oauth1: ['consumer_key', 'consumer_secret'],
}

/** A mailbox: who it is, how one signs in, where it is read and sent from, whose checks count. The rest is for later. */
const MAILBOX = ['address', 'sign_in', 'password', 'client_id', 'client_secret', 'imap_host', 'imap_port', 'imap_security', 'smtp_host', 'smtp_port', 'smtp_security', 'receivers']
const MAILBOX_PASSWORD = ['password']
const MAILBOX_APP = ['client_id', 'client_secret']

/** What is asked at once, in this order, and what is folded away; what another choice makes pointless is in neither. */
function partsOf(network: Network, stored: Json, written: Written): { needed: NetworkSetting[]; more: NetworkSetting[] } {
  if (network.kind !== 'email') {
    const needed = network.settings.filter((setting) => setting.is_required || setting.kind === 'choice' || setting.kind === 'texts' || APP_OF[network.connect].includes(setting.name))
    return { needed, more: network.settings.filter((setting) => !needed.includes(setting)) }
  }
  const pointless = (written['sign_in'] || asText(stored['sign_in']) || 'password') === 'password' ? MAILBOX_APP : MAILBOX_PASSWORD
  const asked = network.settings.filter((setting) => !pointless.includes(setting.name))
  const needed = MAILBOX.flatMap((name) => asked.filter((setting) => setting.name === name))
  return { needed, more: asked.filter((setting) => !needed.includes(setting)) }
}

export function NetworkForm({ network, stored, secrets, written, field, error, note = null }: FormProps) {
  const one = (setting: NetworkSetting) => {
    const own = field === 'settings.' + setting.name || field === setting.name ? error : null
    return (
      <div key={setting.name} class="network-field">
        {setting.kind === 'secret' ? <Secret kind={network.kind} setting={setting} isSet={secrets[setting.name] === true} written={written} error={own} /> : setting.kind === 'texts' ? <OwnTexts setting={setting} stored={stored[setting.name]} written={written} error={own} /> : <Plain kind={network.kind} setting={setting} stored={stored[setting.name]} written={written} error={own} />}
      </div>
    )
  }
  const menu = network.settings.find((setting) => setting.kind === 'json' && setting.name === 'ivr')
  const { needed, more: rest } = partsOf(network, stored, written.value)
  const more = rest.filter((setting) => setting !== menu)
  const isMoreNamed = more.some((setting) => field === 'settings.' + setting.name)
  return (
    <>
      {needed.map(one)}
      {!needed.length ? more.map(one) : more.length ? <details class="network-more" open={isMoreNamed}><summary>{nt('form.more')}</summary>{more.map(one)}</details> : null}
      {menu ? <Menu setting={menu} stored={stored[menu.name]} written={written} error={field === 'settings.' + menu.name ? error : null} note={note} isOpen={isObject(stored[menu.name]) || typeof stored[menu.name] === 'string' || field === 'settings.' + menu.name} /> : null}
    </>
  )
}
