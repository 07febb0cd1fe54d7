// The whole panel: header, banners, then the form or the thread with its composer.
import { useState } from 'preact/hooks'
import { begin } from './chat'
import { Composer } from './composer'
import { Form } from './form'
import { Header } from './header'
import { config, conversation, isConnected, isOnline, needsForm, phase, t } from './state'
import { Thread } from './thread'
import { addFiles } from './upload'

export function App({ onClose }: { onClose: () => void }) {
  const [isDropping, setDropping] = useState(false)
  const isReady = phase.value === 'ready'
  const takesFiles = isReady && !needsForm.value && config.value?.settings.attachments_enabled !== false
  const hasFiles = (event: DragEvent) => takesFiles && event.dataTransfer?.types.includes('Files')
  return (
    <div
      class="app"
      onKeyDown={(event) => {
        if (event.key === 'Escape' && !event.defaultPrevented) onClose()
      }}
      onDragOver={(event) => {
        if (!hasFiles(event)) return
        event.preventDefault()
        setDropping(true)
      }}
      onDragLeave={(event) => {
        if (event.currentTarget === event.target) setDropping(false)
      }}
      onDrop={(event) => {
        setDropping(false)
        if (!hasFiles(event)) return
        event.preventDefault()
        addFiles(event.dataTransfer?.files ?? [])
      }}
    >
      <Header onClose={onClose} />
      <Banner />
      {isReady ? needsForm.value ? <Form /> : <><Thread /><Composer /></> : <Standing />}
      {isDropping && <div class="drop">{t('composer.drop')}</div>}
    </div>
  )
}

/** One line about the connection or about who is there; never more than one. */
function Banner() {
  let text = ''
  if (!isOnline.value) text = t('banner.offline')
  else if (isConnected.value === false) text = t('banner.connecting')
  else if (phase.value !== 'ready') text = ''
  else if (conversation.value?.status === 'resolved') text = t('banner.closed')
  else if (config.value && !config.value.is_staffed) text = config.value.settings.offline_text || t('banner.away')
  return (
    <div role="status" class={isOnline.value && isConnected.value !== false ? 'banner' : 'banner is-warning'} dir="auto" hidden={!text}>
      {text}
    </div>
  )
}

/** What stands instead of the chat while it loads or when it cannot. */
function Standing() {
  if (phase.value === 'loading') return <main class="standing" aria-busy="true"><span class="spinner" /></main>
  if (phase.value === 'gone') return <main class="standing"><p>{t('error.gone')}</p></main>
  if (phase.value === 'identity') return <main class="standing"><p>{t('error.identity')}</p></main>
  return (
    <main class="standing">
      <p role="alert">{t('error.load')}</p>
      <button type="button" class="primary" onClick={() => void begin()}>{t('error.again')}</button>
    </main>
  )
}
