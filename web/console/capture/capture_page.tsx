// A post that somebody saw in the browser becomes a conversation: the page that the bookmarklet opens, its fields filled from the address.
import '../style/settings.css'
import { useSignal } from '@preact/signals'
import { useEffect, useState } from 'preact/hooks'
import { Icon } from '../ui/icon'
import { Button, Field, Spinner } from '../ui/parts'
import { post } from '../lib/api'
import { t } from '../lib/i18n'
import { worksByHand } from '../lib/network_types'
import { nt } from '../lib/network_words'
import { BASE, go, inboxPath, setSearch } from '../lib/router'
import type { Channel, Id } from '../lib/types'
import { FormError, PageTitle, useSaving } from '../settings/common'
import { networks } from '../state/networks'
import { loadChannels } from '../state/reference'
import { can, channels } from '../state/store'
import { complain } from '../state/toasts'
import { guess } from './guess'
import type { Captured } from '../../shared/api/types'

interface Asked { url: string; network: string; text: string; author: string; handle: string }

/** Foreign text: it only ever fills fields. */
function fromAddress(): Asked {
  const query = new URLSearchParams(location.search)
  const url = query.get('url') ?? ''
  const author = (query.get('author') ?? '').trim()
  const own = query.get('handle') ?? (author.startsWith('@') ? author : '')
  const found = guess(url)
  const byHand = (kind: string | null): boolean => channels.peek().some((one) => one.kind === kind && one.is_enabled && worksByHand(one))
  return {
    url, text: query.get('text') ?? '', author: author.startsWith('@') ? '' : author, handle: own || found.handle,
    network: found.network && byHand(found.network) ? found.network : (query.get('network') ?? ''),
  }
}

interface Made { isKnown: boolean; conversation: Id }

function Result({ made, onMore }: { made: Made; onMore: () => void }) {
  const { conversation } = made
  return (
    <div class="capture-done" role="status">
      <p class="settings-good"><Icon name="check" size={16} /> {made.isKnown ? nt('capture.known') : nt('capture.done')}</p>
      <div class="network-actions">
        <a class="button button-primary" href={BASE + inboxPath('all', conversation)}>{nt('capture.open')}</a>
        <Button onClick={onMore}>{nt('capture.another')}</Button>
      </div>
    </div>
  )
}

function Form({ asked, byHand, onMade }: { asked: Asked; byHand: readonly Channel[]; onMade: (made: Made) => void }) {
  const saving = useSaving()
  const kinds = [...new Set(byHand.map((one) => one.kind))]
  const url = useSignal(asked.url)
  const network = useSignal<string>(kinds.find((one) => one === asked.network) ?? kinds[0] ?? '')
  const author = useSignal(asked.author)
  const handle = useSignal(asked.handle)
  const text = useSignal(asked.text)
  const visibility = useSignal<'public' | 'private'>('public')
  const send = (): Promise<boolean> =>
    saving.save(async () => {
      const answer = await post<Captured>('/capture', {
        url: url.peek().trim(), network: network.peek(), text: text.peek().trim(), visibility: visibility.peek(),
        ...(author.peek().trim() ? { author_name: author.peek().trim() } : {}), ...(handle.peek().trim() ? { author_handle: handle.peek().trim() } : {}),
      })
      onMade({ isKnown: answer.duplicates > 0, conversation: answer.conversation_id })
    }, '')
  const error = (name: string): string | null => (saving.field.value === name ? saving.error.value : null)
  const isNamed = ['url', 'author_name', 'author_handle', 'text'].includes(saving.field.value ?? '')
  return (
    <form class="network-form" onSubmit={(event) => { event.preventDefault(); void send() }}>
      <Field label={nt('capture.url')} error={error('url')}>{(props) => <input {...props} type="url" required dir="ltr" maxLength={2048} value={url} onInput={(event) => void (url.value = event.currentTarget.value)} />}</Field>
      <div class="field-pair">
        <Field label={nt('capture.network')}>{(props) => <select {...props} value={network.value} onChange={(event) => void (network.value = event.currentTarget.value)}>{kinds.map((one) => <option key={one} value={one}>{networks()?.find((known) => known.kind === one)?.title ?? one}</option>)}</select>}</Field>
        <Field label={nt('capture.visibility')}>{(props) => <select {...props} value={visibility.value} onChange={(event) => void (visibility.value = event.currentTarget.value as 'public' | 'private')}><option value="public">{nt('capture.public')}</option><option value="private">{nt('capture.private')}</option></select>}</Field>
      </div>
      <div class="field-pair">
        <Field label={nt('capture.author')} error={error('author_name')}>{(props) => <input {...props} type="text" dir="auto" maxLength={200} required={!handle.value.trim()} value={author} onInput={(event) => void (author.value = event.currentTarget.value)} />}</Field>
        <Field label={nt('capture.handle')} hint={nt('capture.handle_hint')} error={error('author_handle')}>{(props) => <input {...props} type="text" dir="ltr" maxLength={200} placeholder="@asha_r" value={handle} onInput={(event) => void (handle.value = event.currentTarget.value)} />}</Field>
      </div>
      <Field label={nt('capture.text')} error={error('text')}>{(props) => <textarea {...props} rows={6} dir="auto" maxLength={30_000} value={text} onInput={(event) => void (text.value = event.currentTarget.value)} />}</Field>
      {isNamed ? null : <FormError saving={saving} />}
      <div class="network-actions"><Button type="submit" tone="primary" disabled={saving.isBusy.value}>{nt('capture.go')}</Button></div>
    </form>
  )
}

const NOTHING: Asked = { url: '', network: '', text: '', author: '', handle: '' }

export function CapturePage() {
  const [isKnown, know] = useState(channels.peek().length > 0)
  useEffect(() => {
    if (!isKnown) loadChannels().then(() => know(true), complain)
  }, [])
  const byHand = channels.value.filter((one) => one.is_enabled && worksByHand(one))
  return (
    <main id="main" class="settings-page capture" tabIndex={-1}>
      <PageTitle title={nt('capture.title')} hint={nt('capture.hint')} />
      {!isKnown || !networks() ? <Spinner /> : byHand.length ? <Bring byHand={byHand} /> : (
        <div class="settings-empty">
          <p>{nt('capture.no_channel')}</p>
          {can('channel.manage') ? <Button tone="primary" onClick={() => go('/settings/channels/new')}>{nt('capture.connect')}</Button> : <a href={BASE + inboxPath('all')}>{t('nav.inbox')}</a>}
        </div>
      )}
    </main>
  )
}

function Bring({ byHand }: { byHand: readonly Channel[] }) {
  const [asked, ask] = useState(fromAddress)
  const made = useSignal<Made | null>(null)
  const more = (): void => {
    setSearch('')
    ask(NOTHING)
    made.value = null
  }
  return made.value ? <Result made={made.value} onMore={more} /> : <Form asked={asked} byHand={byHand} onMade={(next) => void (made.value = next)} />
}
