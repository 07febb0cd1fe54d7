// Who one talks to: the agent once there is one, else the channel with its team; the menu and close.
import { useEffect, useRef, useState } from 'preact/hooks'
import { downloadTranscript, mailTranscript, setSound } from './chat'
import { Icon } from './icons'
import { agent, config, conversation, isPage, isSoundOn, locale, messages, phase, session, t } from './state'

export function Photo({ name, url, size = 32 }: { name: string; url: string | null; size?: number }) {
  const isShown = url && config.value?.settings.show_agent_photo !== false
  const initial = [...name.trim()][0] ?? '·'
  return isShown ? (
    <img class="photo" src={url} alt="" width={size} height={size} />
  ) : (
    <span class="photo" aria-hidden="true" data-size={size}>{initial.toUpperCase()}</span>
  )
}

/** Languages in their own names: "English, বাংলা, العربية". */
export function languageList(codes: readonly string[], inLocale: string): string {
  const names = codes.map((code) => {
    try {
      return new Intl.DisplayNames([code], { type: 'language' }).of(code) ?? code
    } catch {
      return code
    }
  })
  return new Intl.ListFormat(inLocale, { type: 'unit' }).format(names.map((name) => `\u2068${name}\u2069`))
}

export function Header({ onClose }: { onClose: () => void }) {
  const { channel_name: name = '', settings = {}, agents = [] } = config.value ?? {}
  const who = agent.value
  return (
    <header class="header">
      {who ? <Photo name={who.name} url={who.photo_url} size={40} /> : settings.logo_url ? <img class="logo" src={settings.logo_url} alt="" height={36} /> : agents.length > 0 && (
        <span class="photos">{agents.slice(0, 3).map((one) => <Photo key={one.name} name={one.name} url={one.photo_url} size={36} />)}</span>
      )}
      <div class="who">
        <h1><bdi>{who?.name ?? name}</bdi></h1>
        <p><bdi>{who ? who.introduction || name : settings.intro}</bdi></p>
      </div>
      {phase.value === 'ready' && <Menu />}
      {!isPage.value && (
        <button type="button" class="quiet" aria-label={t('header.close')} title={t('header.close')} onClick={onClose}><Icon name="close" /></button>
      )}
    </header>
  )
}

export function Languages() {
  const codes = config.value?.languages ?? []
  return codes.length > 1 ? <p class="languages">{t('header.languages', { languages: languageList(codes, locale.value) })}</p> : null
}

function Menu() {
  const [isOpen, setOpen] = useState(false)
  const [error, setError] = useState('')
  const [done, setDone] = useState('')
  const box = useRef<HTMLDivElement>(null)
  const button = useRef<HTMLButtonElement>(null)
  const hasTranscript = conversation.value && config.value?.settings.transcript_enabled !== false
  const email = session.value?.contact.email
  const isMailable = config.value?.settings.transcript_mail_enabled && email && messages.value.some((message) => message.from !== 'me')
  useEffect(() => {
    if (!isOpen) return
    box.current?.querySelector('button')?.focus()
    const away = (event: Event) => {
      if (!box.current?.parentElement?.contains(event.target as Node)) setOpen(false)
    }
    document.addEventListener('pointerdown', away)
    return () => document.removeEventListener('pointerdown', away)
  }, [isOpen])
  const close = () => {
    setOpen(false)
    button.current?.focus()
  }
  const move = (event: KeyboardEvent) => {
    if (event.key === 'Escape') {
      event.preventDefault()
      return close()
    }
    if (event.key !== 'ArrowDown' && event.key !== 'ArrowUp') return
    event.preventDefault()
    const items = [...(box.current?.querySelectorAll('button') ?? [])]
    const at = items.indexOf(document.activeElement as HTMLButtonElement)
    items[(at + (event.key === 'ArrowDown' ? 1 : items.length - 1)) % items.length]?.focus()
  }
  return (
    <div class="menu-place" onKeyDown={isOpen ? move : undefined}>
      <button ref={button} type="button" class="quiet" aria-label={t('header.menu')} title={t('header.menu')} aria-haspopup="menu" aria-expanded={isOpen} onClick={() => setOpen(!isOpen)}>
        <Icon name="more" />
      </button>
      {isOpen && (
        <div class="menu" role="menu" ref={box}>
          <button type="button" role="menuitem" onClick={() => { setSound(!isSoundOn.value); close() }}>
            {isSoundOn.value ? t('menu.sound.off') : t('menu.sound.on')}
          </button>
          {hasTranscript && (
            <button type="button" role="menuitem" onClick={() => {
              close()
              setError('')
              downloadTranscript().catch(() => setError(t('error.transcript')))
            }}>{t('menu.transcript')}</button>
          )}
          {isMailable && (
            <button type="button" role="menuitem" onClick={() => {
              close()
              setError('')
              setDone('')
              mailTranscript().then(() => setDone(t('menu.mailed', { email })), () => setError(t('error.transcript_mail')))
            }}>{t('menu.mail')}</button>
          )}
        </div>
      )}
      {error && <p class="toast" role="alert">{error}</p>}
      {done && !error && <p class="toast" role="status"><bdi>{done}</bdi></p>}
    </div>
  )
}
