// The live preview of the console's appearance settings: the same panel with sample messages, no network.
// Settings come by postMessage from our own origin only: {seva: 1, type: 'preview', config, locale?}.
import { render } from 'preact'
import { App } from './app'
import { loadWords } from './chat'
import * as state from './state'
import type { Config, WidgetMessage } from './types'

interface PreviewMessage {
  seva: 1
  type: 'preview'
  config: Config
  locale?: string
}

function samples(config: Config): WidgetMessage[] {
  const author = config.agents[0] ?? { name: config.channel_name, photo_url: null }
  const at = (minutes: number) => new Date(Date.now() - minutes * 60_000).toISOString()
  const row = (id: string, from: 'me' | 'agent', text: string, minutes: number): WidgetMessage => ({
    id, from, text, author: from === 'me' ? { name: '', photo_url: null } : author, attachments: [], state: 'read', sent_at: at(minutes), client_id: null, by_mail: false,
  })
  return [row('1', 'me', state.t('preview.visitor'), 4), row('2', 'agent', state.t('preview.agent'), 2)]
}

export function startPreview(place: HTMLElement, locale: string): void {
  // Looked at, not used: nothing in it takes focus or input.
  place.inert = true
  let shown = ''
  addEventListener('message', (event: MessageEvent) => {
    const message = event.data as PreviewMessage | null
    if (event.source !== parent || event.origin !== location.origin || message?.seva !== 1 || message.type !== 'preview') return
    void show(message)
  })
  const show = async (message: PreviewMessage) => {
    const wanted = message.locale ?? locale
    if (wanted !== shown) await loadWords((shown = wanted))
    state.config.value = message.config
    state.isFormDone.value = !message.config.settings.prechat?.enabled
    state.messages.value = state.isFormDone.value ? samples(message.config) : []
    state.phase.value = 'ready'
  }
  void loadWords((shown = locale)).then(() => {
    render(<App onClose={() => {}} />, place)
    parent.postMessage({ seva: 1, type: 'ready' }, location.origin)
  })
}
