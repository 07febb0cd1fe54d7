// Where the visitor writes: text, emoji, files by button, paste or drop. Enter sends where there is a real
// keyboard; never while an input method is composing.
import { useEffect, useRef, useState } from 'preact/hooks'
import { sizeText } from './attachment'
import { noteTyping, write } from './chat'
import { Icon } from './icons'
import { config, isOpen, t } from './state'
import { addFiles, MAX_FILE_BYTES, MAX_FILES, removeUpload, uploads, type Upload } from './upload'

/** 64 KiB of UTF-8 hold this many characters of any script. */
const MAX_TEXT = 16_000
const hasKeyboard = matchMedia('(pointer: fine)')

export function Composer() {
  const [text, setText] = useState('')
  const [isPicking, setPicking] = useState(false)
  const [isFull, setFull] = useState(false)
  const area = useRef<HTMLTextAreaElement>(null)
  const picker = useRef<HTMLInputElement>(null)
  const takesFiles = config.value?.settings.attachments_enabled !== false
  const files = uploads.value
  const isBusy = files.some((upload) => upload.state === 'uploading' || upload.state === 'waiting')
  const ready = files.flatMap((upload) => (upload.attachment ? [upload.attachment] : []))
  const over = text.trim().length - MAX_TEXT
  const canSend = !isBusy && over <= 0 && (text.trim() !== '' || ready.length > 0)

  useEffect(() => {
    if (isOpen.value && hasKeyboard.matches) area.current?.focus()
  }, [isOpen.value])
  useEffect(() => {
    const element = area.current
    if (!element) return
    element.style.height = 'auto'
    // In a closed panel nothing has a height: it is measured when the panel opens.
    if (element.scrollHeight) element.style.height = `${Math.min(element.scrollHeight, 140)}px`
  }, [text, isOpen.value])

  const send = () => {
    if (!canSend) return
    write(text.trim(), ready)
    noteTyping(false)
    setText('')
    for (const upload of files) removeUpload(upload.id)
    setPicking(false)
    area.current?.focus()
  }
  const add = (list: Iterable<File>) => setFull(!addFiles(list))
  const insert = (emoji: string) => {
    const element = area.current
    const at = element?.selectionStart ?? text.length
    const end = element?.selectionEnd ?? at
    const next = text.slice(0, at) + emoji + text.slice(end)
    setText(next)
    if (!element) return
    // At once: a moment later somebody types already.
    element.value = next
    element.setSelectionRange(at + emoji.length, at + emoji.length)
  }

  return (
    <form class="composer" aria-label={t('composer.placeholder')} onSubmit={(event) => { event.preventDefault(); send() }}>
      {isPicking && <Emoji onPick={insert} onClose={() => { setPicking(false); area.current?.focus() }} />}
      {files.length > 0 && <ul class="uploads">{files.map((upload) => <UploadRow key={upload.id} upload={upload} />)}</ul>}
      {isFull && <p class="error" role="alert">{t('upload.too.many', { count: MAX_FILES })}</p>}
      {over > 0 && <p class="error" role="alert">{t('composer.too.long', { over })}</p>}
      <div class="row">
        <textarea
          ref={area}
          rows={1}
          dir="auto"
          value={text}
          aria-label={t('composer.label')}
          placeholder={t('composer.placeholder')}
          enterkeyhint="enter"
          onInput={(event) => {
            setText(event.currentTarget.value)
            noteTyping(event.currentTarget.value.trim() !== '')
          }}
          onBlur={() => noteTyping(false)}
          onKeyDown={(event) => {
            if (event.key !== 'Enter' || event.shiftKey || event.isComposing || event.keyCode === 229 || !hasKeyboard.matches) return
            event.preventDefault()
            send()
          }}
          onPaste={(event) => {
            const pasted = event.clipboardData?.files
            if (!takesFiles || !pasted?.length) return
            event.preventDefault()
            add(pasted)
          }}
        />
        <button type="button" class="quiet" aria-label={t('composer.emoji')} title={t('composer.emoji')} aria-expanded={isPicking} onClick={() => setPicking(!isPicking)}><Icon name="smile" /></button>
        {takesFiles && (
          <>
            <button type="button" class="quiet" aria-label={t('composer.attach')} title={t('composer.attach')} onClick={() => picker.current?.click()}><Icon name="clip" /></button>
            <input ref={picker} type="file" multiple hidden aria-label={t('composer.attach')} onChange={(event) => {
              add(event.currentTarget.files ?? [])
              event.currentTarget.value = ''
            }} />
          </>
        )}
        <button class="send" aria-label={t('composer.send')} title={t('composer.send')} disabled={!canSend}><Icon name="send" /></button>
      </div>
    </form>
  )
}

function uploadText(upload: Upload): string {
  const { name } = upload
  if (upload.state === 'failed') {
    const reason = upload.failure === 'too.large' ? t('upload.too.large', { size: sizeText(MAX_FILE_BYTES) }) : t(`upload.${upload.failure ?? 'broken'}`)
    return t('upload.failed', { name, reason })
  }
  if (upload.state === 'done') return t('upload.done', { name })
  return upload.state === 'waiting' ? t('upload.waiting', { name }) : t('upload.progress', { name, ratio: Math.floor(upload.ratio * 100) / 100 })
}

function UploadRow({ upload }: { upload: Upload }) {
  return (
    <li class={`upload is-${upload.state}`}>
      <Icon name={upload.state === 'done' ? 'check' : upload.state === 'failed' ? 'alert' : 'file'} size={16} />
      <span dir="auto">{uploadText(upload)}</span>
      {upload.state === 'uploading' && <progress max={1} value={upload.ratio} aria-label={upload.name} />}
      <button type="button" class="quiet" aria-label={t('upload.remove', { name: upload.name })} onClick={() => removeUpload(upload.id)}><Icon name="close" size={14} /></button>
    </li>
  )
}

const EMOJI = '😀 😃 😄 😁 😅 😂 🙂 😉 😊 😍 😘 😎 🤔 😐 😕 🙁 😢 😭 😡 😱 😴 🤒 🤗 🤝 👍 👎 👌 👏 🙏 💪 👋 🤞 ❤️ 💙 💚 💛 🔥 ⭐ ✨ 🎉 🎁 🌹 ☕ 🍕 🚚 📦 🛒 💳 🧾 📷 📱 💻 🔧 ✅ ❌ ❓ ❗ ⏰ 📍 💡'.split(' ')
const COLUMNS = 8

function Emoji({ onPick, onClose }: { onPick: (emoji: string) => void; onClose: () => void }) {
  const [at, setAt] = useState(0)
  const box = useRef<HTMLDivElement>(null)
  useEffect(() => (box.current?.children[at] as HTMLElement | undefined)?.focus(), [at])
  const move = (event: KeyboardEvent) => {
    const isRtl = document.documentElement.dir === 'rtl' ? -1 : 1
    const step = { ArrowRight: isRtl, ArrowLeft: -isRtl, ArrowDown: COLUMNS, ArrowUp: -COLUMNS, Home: -at, End: EMOJI.length - 1 - at }[event.key]
    if (event.key === 'Escape') onClose()
    else if (step === undefined) return
    else setAt(Math.max(0, Math.min(EMOJI.length - 1, at + step)))
    event.preventDefault()
  }
  return (
    <div class="emoji" role="group" aria-label={t('emoji.label')} ref={box} onKeyDown={move}>
      {EMOJI.map((emoji, index) => <button key={emoji} type="button" tabIndex={index === at ? 0 : -1} onClick={() => { setAt(index); onPick(emoji) }}>{emoji}</button>)}
    </div>
  )
}
