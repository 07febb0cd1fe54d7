// The messages: a live log, newest last, with days, runs under one name, and what is on its way out.
import type { ComponentChildren } from 'preact'
import { useEffect, useLayoutEffect, useRef, useState } from 'preact/hooks'
import { AttachmentView } from './attachment'
import { discard, loadOlder, noteRead, retry } from './chat'
import { Languages, Photo } from './header'
import { Icon } from './icons'
import type { Outgoing } from './queue'
import { config, isOpen, locale, messages, older, outgoing, t, typing } from './state'
import { isSameDay, isSameRun } from './timeline'
import type { WidgetMessage } from './types'

export function Thread() {
  const box = useRef<HTMLDivElement>(null)
  const isAtEnd = useRef(true)
  const seen = useRef('')
  const [news, setNews] = useState(0)
  const list = messages.value
  const last = list[list.length - 1]
  const first = list[0]?.id ?? ''
  const before = useRef({ first, height: 0 })
  const toEnd = () => {
    if (box.current) box.current.scrollTop = box.current.scrollHeight
  }

  useLayoutEffect(() => {
    const element = box.current
    if (!element) return
    // Earlier messages came in above: what is read stays where it is.
    if (before.current.first !== first && !isAtEnd.current) element.scrollTop += element.scrollHeight - before.current.height
    before.current = { first, height: element.scrollHeight }
    if (isAtEnd.current) toEnd()
    else if (last && last.id !== seen.current && last.from === 'agent') setNews(news + 1)
    seen.current = last?.id ?? ''
  }, [list, outgoing.value, typing.value])
  useEffect(() => {
    if (isOpen.value) noteRead()
    if (isAtEnd.current) toEnd()
  }, [isOpen.value])
  useEffect(() => {
    const element = box.current
    if (!element) return
    const observer = new ResizeObserver(() => isAtEnd.current && toEnd())
    for (const child of element.children) observer.observe(child)
    observer.observe(element)
    return () => observer.disconnect()
  }, [])
  const scroll = () => {
    const element = box.current
    if (!element) return
    isAtEnd.current = element.scrollHeight - element.scrollTop - element.clientHeight < 40
    if (isAtEnd.current && news) setNews(0)
  }
  const greeting = config.value?.settings.greeting

  return (
    <main class="thread" ref={box} onScroll={scroll} tabIndex={0} aria-label={t('thread.label')}>
      <div class="log" role="log" aria-label={t('thread.label')}>
        {older.value ? (
          <button type="button" class="older" onClick={() => void loadOlder().catch(() => {})}>{t('thread.older')}</button>
        ) : (
          <div class="welcome">
            {greeting ? <p class="greeting" dir="auto">{greeting}</p> : <p class="hint">{t('thread.start')}</p>}
            <Languages />
          </div>
        )}
        {list.map((message, at) => {
          const previous = list[at - 1]
          const isNewDay = !previous || !isSameDay(previous.sent_at, message.sent_at)
          return (
            <Entry key={message.client_id ?? message.id} day={isNewDay ? dayName(message.sent_at) : null}>
              <Bubble message={message} isRun={!isNewDay && isSameRun(previous, message)} isLast={message === last} />
            </Entry>
          )
        })}
        {outgoing.value.map((message) => <Waiting key={message.client_id} message={message} />)}
      </div>
      <p class="typing" aria-live="polite">
        {typing.value !== null && <><i class="dots" aria-hidden="true"><i /><i /><i /></i>{typing.value ? t('typing.agent', { name: typing.value }) : t('typing.someone')}</>}
      </p>
      {news > 0 && <button type="button" class="news" onClick={() => { toEnd(); setNews(0) }}>{t('thread.new', { count: news })} <Icon name="down" size={16} /></button>}
    </main>
  )
}

function Entry({ day, children }: { day: string | null; children: ComponentChildren }) {
  return <>{day && <p class="day">{day}</p>}{children}</>
}

function dayName(at: string): string {
  const date = new Date(at)
  const now = new Date()
  if (isSameDay(at, now.toISOString())) return t('day.today')
  now.setDate(now.getDate() - 1)
  if (isSameDay(at, now.toISOString())) return t('day.yesterday')
  return new Intl.DateTimeFormat(locale.value, { weekday: 'long', day: 'numeric', month: 'long' }).format(date)
}

const clock = (at: string | number) => new Intl.DateTimeFormat(locale.value, { hour: 'numeric', minute: '2-digit' }).format(new Date(at))

/** Text with its web addresses as links; nothing else is markup. */
export function RichText({ text }: { text: string }) {
  const parts = text.split(/(https?:\/\/[^\s<>"']*[^\s<>"'.,;:!?)\]}])/)
  return <>{parts.map((part, at) => (at % 2 ? <a key={at} href={part} target="_blank" rel="noopener noreferrer nofollow ugc">{part}</a> : part))}</>
}

const ICONS = { sent: 'check', read: 'checks', failed: 'alert' } as const

function Bubble({ message, isRun, isLast }: { message: WidgetMessage; isRun: boolean; isLast: boolean }) {
  const isMine = message.from === 'me'
  if (message.from === 'system') return <p class="note" dir="auto">{message.text}</p>
  const state = !isMine ? null : message.state === 'read' ? 'read' : message.state === 'failed' ? 'failed' : 'sent'
  const name = message.author.name || t('message.team')
  return (
    <article class={`message ${isMine ? 'is-mine' : ''} ${isRun ? 'is-run' : ''}`}>
      {!isMine && !isRun && <Photo name={name} url={message.author.photo_url} size={28} />}
      {!isMine && !isRun && <p class="author"><bdi>{name}</bdi></p>}
      {(isMine || isRun) && <span class="hidden">{isMine ? t('message.from.me') : t('message.from.agent', { name })}</span>}
      {message.text && <div class="bubble" dir="auto"><RichText text={message.text} /></div>}
      {message.attachments.map((attachment) => <AttachmentView key={attachment.id} attachment={attachment} />)}
      <p class={isLast || state === 'failed' ? 'meta' : 'meta is-quiet'}>
        <time dateTime={message.sent_at}>{clock(message.sent_at)}</time>
        {message.by_mail && <span>{t('message.by_mail')}</span>}
        {state && <><Icon name={ICONS[state]} size={14} /><span class={isLast || state === 'failed' ? '' : 'hidden'}>{t(`message.state.${state}`)}</span></>}
      </p>
    </article>
  )
}

function Waiting({ message }: { message: Outgoing }) {
  const isFailed = message.state === 'failed'
  return (
    <article class={`message is-mine ${isFailed ? 'is-failed' : 'is-waiting'}`}>
      <span class="hidden">{t('message.from.me')}</span>
      {message.text && <div class="bubble" dir="auto"><RichText text={message.text} /></div>}
      {message.attachments.map((attachment) => <p key={attachment.id} class="file"><Icon name="file" /><bdi>{attachment.name}</bdi></p>)}
      <p class="meta">
        <Icon name={isFailed ? 'alert' : 'clock'} size={14} />
        {t(`message.state.${message.state}`)}
        {isFailed && <><button type="button" onClick={() => retry(message.client_id)}>{t('message.retry')}</button><button type="button" onClick={() => discard(message.client_id)}>{t('message.discard')}</button></>}
      </p>
    </article>
  )
}
