// The first minutes: from an empty account to one's own first answered message, each step done here or one click away.
import '../style/settings.css'
import { useSignal } from '@preact/signals'
import { useEffect } from 'preact/hooks'
import { Icon } from '../ui/icon'
import { Button, Spinner, Words } from '../ui/parts'
import { get, post } from '../lib/api'
import { t } from '../lib/i18n'
import { Latest } from '../lib/latest'
import { uuid } from '../lib/ids'
import { BASE, go, inboxPath } from '../lib/router'
import type { Channel, Conversation, Page } from '../lib/types'
import { Code } from '../settings/common'
import { loadChannels } from '../state/reference'
import { changeSettings } from '../state/session'
import { agents, channels, me } from '../state/store'
import { complain } from '../state/toasts'
import type { Snippet } from '../../shared/api/types'

function Step({ number, title, isDone, children }: { number: number; title: string; isDone: boolean; children: preact.ComponentChildren }) {
  return (
    <li class={isDone ? 'step step-done' : 'step'}>
      <span class="step-mark" aria-hidden="true">{isDone ? <Icon name="check" size={16} /> : number}</span>
      <div class="step-body">
        <h2>{title}{isDone ? <span class="sr-only"> {t('common.done')}</span> : null}</h2>
        {children}
      </div>
    </li>
  )
}

function Install({ channel }: { channel: Channel }) {
  const snippet = useSignal<string | null>(null)
  useEffect(() => {
    get<Snippet>(`/channels/${channel.id}/snippet`).then((answer) => void (snippet.value = answer.html), complain)
  }, [channel.id])
  return snippet.value ? <Code text={snippet.value} label={t('widget.install')} /> : <Spinner />
}

/** Any message that came in: on screen already, or known to the server. */
function useFirstMessage(): { id: string; isAnswered: boolean } | null {
  const found = useSignal<Conversation | null>(null)
  useEffect(() => {
    const latest = new Latest()
    const ask = (): void => {
      const isLatest = latest.begin()
      get<Page<Conversation>>('/conversations', { status: ['open', 'pending', 'snoozed', 'resolved'], sort: 'newest', limit: 1 }).then((page) => {
        if (isLatest()) found.value = page.items[0] ?? found.value
      }, () => undefined)
    }
    ask()
    const timer = setInterval(ask, 3000)
    return () => clearInterval(timer)
  }, [])
  const first = found.value
  return first ? { id: first.id, isAnswered: first.preview_kind === 'out' } : null
}

export function Guide() {
  const channel = channels.value.find((one) => one.kind === 'widget')
  const first = useFirstMessage()
  const isBusy = useSignal(false)
  const create = async (): Promise<void> => {
    isBusy.value = true
    try {
      await post<Channel>('/channels', { kind: 'widget', name: t('guide.channel_name') }, uuid())
      await loadChannels()
    } catch (error) {
      complain(error)
    } finally {
      isBusy.value = false
    }
  }
  const others = agents.value.length > 1
  return (
    <main id="main" class="guide" tabIndex={-1}>
      <header>
        <h1>{t('guide.title', { name: me.value?.name.split(' ')[0] ?? '' })}</h1>
        <p>{t('guide.hint')}</p>
      </header>
      <ol class="steps">
        <Step number={1} title={t('guide.channel')} isDone={channel !== undefined}>
          {channel ? <p><Words text={channel.name} /> · <a href={`${BASE}/settings/channels/${channel.id}`}>{t('guide.customise')}</a></p> : <Button tone="primary" disabled={isBusy.value} onClick={() => void create()}>{t('guide.create_channel')}</Button>}
        </Step>
        <Step number={2} title={t('guide.try')} isDone={first !== null}>
          <p>{t('guide.try_hint')}</p>
          {channel ? <a class="button button-primary" href={`/widget/test?key=${channel.public_key}`} target="_blank" rel="noopener"><Icon name="external" size={16} /> {t('widget.test_page')}</a> : null}
        </Step>
        <Step number={3} title={t('guide.answer')} isDone={first?.isAnswered ?? false}>
          <p>{first ? t('guide.answer_ready') : t('guide.answer_hint')}</p>
          {first ? <Button tone="primary" onClick={() => go(inboxPath('all', first.id))}>{t('guide.open_first')}</Button> : null}
        </Step>
        <Step number={4} title={t('guide.install')} isDone={false}>
          <p>{t('widget.install_hint')}</p>
          {channel ? <Install channel={channel} /> : null}
        </Step>
        <Step number={5} title={t('guide.team')} isDone={others}>
          <Button onClick={() => go('/settings/agents')}>{t('agents.invite')}</Button>
        </Step>
      </ol>
      <Button tone="quiet" onClick={() => { changeSettings({ guide_done: true }); go(inboxPath('all')) }}>{t('guide.leave')}</Button>
    </main>
  )
}
