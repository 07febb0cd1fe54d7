// The rich field: bold, italic, underline, lists, links, quotes, code, on the browser's own editing and its undo. What leaves it is written anew by
// rich_text.ts. Typing draws nothing and reads nothing: what was written is told a moment later, and when it is asked for (`RichHandle`).
import { useSignal, type Signal } from '@preact/signals'
import type { RefObject } from 'preact'
import { useEffect, useImperativeHandle, useLayoutEffect, useRef } from 'preact/hooks'
import { safeLink } from './links'
import { escaped, htmlOf, textOf } from './rich_text'
import { commandOf, isOn, run, Toolbar, type RichCommand } from './toolbar'
import { mt } from './words'

export interface Written { html: string; text: string }
export interface RichHandle {
  /** What stands in the field now. */
  read: () => Written
  focus: () => void
  /** Puts words where the caret is. */
  insert: (words: string) => void
  /** The same of HTML of the small list; pictures by Content-Id. */
  insertHtml: (html: string) => Promise<void>
  /** What was written last is said now. */
  tell: () => void
}
export interface RichProps {
  /** HTML of the small list; taken when the field appears and when it differs from what the field said last */
  html: string
  onChange: (written: Written) => void
  /** Content-Id → where this page finds the picture */
  pictures?: ReadonlyMap<string, string>
  /** pasted pictures and files */
  onFiles?: (files: FileList) => void
  handle?: RefObject<RichHandle>
  placeholder?: string
}

const SAY_AFTER_MS = 250

/** The selection when it is in the field. */
function rangeIn(field: HTMLElement | null): Range | null {
  const selection = getSelection()
  const range = selection?.rangeCount ? selection.getRangeAt(0) : null
  return range && field?.contains(range.commonAncestorContainer) ? range : null
}

function select(range: Range | null): void {
  if (!range) return
  const selection = getSelection()
  selection?.removeAllRanges()
  selection?.addRange(range)
}

const anchorAt = (range: Range | null): HTMLAnchorElement | null => {
  const node = range?.commonAncestorContainer
  const element = node instanceof Element ? node : node?.parentElement
  return element?.closest<HTMLAnchorElement>('a[href]') ?? null
}

/** What the field was last told and has last said, and when it says it. */
function useWriting(field: RefObject<HTMLDivElement>, props: RichProps) {
  const said = useRef<string | null>(null)
  const timer = useRef<ReturnType<typeof setTimeout> | null>(null)
  const latest = useRef(props)
  latest.current = props
  const read = (): Written => (field.current ? { html: htmlOf(field.current), text: textOf(field.current) } : { html: '', text: '' })
  const say = (): void => {
    if (timer.current !== null) clearTimeout(timer.current)
    timer.current = null
    const written = read()
    if (written.html === said.current) return
    said.current = written.html
    latest.current.onChange(written)
  }
  const saySoon = (): void => void (timer.current ??= setTimeout(say, SAY_AFTER_MS))
  useEffect(() => {
    if (props.html === said.current) return
    let isGone = false
    const wanted = props.html
    void import('./paste')
      .then(({ fragmentOf }) => fragmentOf(wanted, latest.current.pictures ?? new Map()))
      .then((fragment) => {
        if (isGone || !field.current) return
        field.current.replaceChildren(fragment)
        said.current = wanted
      })
    return () => {
      isGone = true
    }
  }, [props.html])
  // What was written last must not be lost when the field goes.
  useLayoutEffect(() => () => { if (timer.current !== null) say() }, [])
  return { read, say, saySoon }
}

/** The editing command lets no other attribute through than addresses: pictures of the mail get their names back. */
function named(field: HTMLElement, pictures: ReadonlyMap<string, string> | undefined): void {
  for (const image of Array.from(field.querySelectorAll('img:not([data-cid])'))) {
    const found = [...(pictures ?? [])].find(([, address]) => address === image.getAttribute('src'))
    if (found) image.setAttribute('data-cid', found[0])
  }
}

async function paste(event: ClipboardEvent, props: RichProps, field: HTMLElement): Promise<void> {
  const data = event.clipboardData
  if (!data) return
  event.preventDefault()
  if (data.files.length && props.onFiles) return props.onFiles(data.files)
  const html = data.getData('text/html')
  const text = data.getData('text/plain')
  const range = rangeIn(field)?.cloneRange() ?? null
  if (html) {
    const { cleanHtml, trustedHtml } = await import('./paste')
    // A picture of another mail has nothing behind its Content-Id here.
    const clean = (await cleanHtml(html)).replace(/<img\b[^>]*>/g, '')
    select(range)
    // One paragraph goes into the line where the caret is.
    document.execCommand('insertHTML', false, trustedHtml(/^<p>((?!<p>).)*<\/p>$/s.test(clean) ? clean.slice(3, -4) : clean))
  } else document.execCommand('insertText', false, text)
}

function LinkForm({ range, onDone }: { range: Range | null; onDone: () => void }) {
  const input = useRef<HTMLInputElement>(null)
  const before = anchorAt(range)
  const isBad = useSignal(false)
  useEffect(() => input.current?.select(), [])
  const apply = async (): Promise<void> => {
    const written = input.current?.value ?? ''
    const link = safeLink(/^[^\s@/:]+@[^\s@/]+$/.test(written.trim()) ? 'mailto:' + written.trim() : written) ?? safeLink('https://' + written.trim())
    isBad.value = link === null
    if (!link) return
    if (range && !range.collapsed) {
      onDone()
      document.execCommand('createLink', false, link.href)
    } else if (before) {
      before.setAttribute('href', link.href)
      onDone()
    } else {
      const { trustedHtml } = await import('./paste')
      onDone()
      document.execCommand('insertHTML', false, trustedHtml(`<a href="${escaped(link.href)}">${escaped(link.shown)}</a> `))
    }
  }
  const remove = (): void => {
    if (before && range?.collapsed) range.selectNodeContents(before)
    onDone()
    document.execCommand('unlink')
  }
  const onKey = (event: KeyboardEvent): void => {
    if (event.isComposing || (event.key !== 'Enter' && event.key !== 'Escape')) return
    event.preventDefault()
    event.stopPropagation()
    if (event.key === 'Enter') void apply()
    else onDone()
  }
  return (
    <div class="rich-link" role="group" aria-label={mt('rich.link')}>
      <input ref={input} type="text" inputMode="url" dir="ltr" value={before?.getAttribute('href') ?? ''} aria-label={mt('rich.link_title')} placeholder={mt('rich.address')} aria-invalid={isBad.value} onKeyDown={onKey} />
      <button type="button" class="button button-plain button-small" onClick={() => void apply()}>{mt('rich.apply')}</button>
      {before ? <button type="button" class="link-button" onClick={remove}>{mt('rich.unlink')}</button> : null}
      {isBad.value ? <span class="field-error" role="alert">{mt('rich.link_bad')}</span> : null}
    </div>
  )
}

/** Which commands hold where the caret is, told to the toolbar. */
function useMarks(field: RefObject<HTMLDivElement>): Signal<ReadonlySet<RichCommand>> {
  const marks = useSignal<ReadonlySet<RichCommand>>(new Set())
  useEffect(() => {
    const look = (): void => {
      if (!rangeIn(field.current)) return
      const now = isOn(field.current)
      if ([...now].join() !== [...marks.peek()].join()) marks.value = now
    }
    document.addEventListener('selectionchange', look)
    return () => document.removeEventListener('selectionchange', look)
  }, [])
  return marks
}

export function RichField(props: RichProps) {
  const field = useRef<HTMLDivElement>(null)
  const { read, say, saySoon } = useWriting(field, props)
  const marks = useMarks(field)
  const linked = useSignal<{ range: Range | null } | null>(null)
  const insert = (words: string): void => {
    field.current?.focus()
    document.execCommand('insertText', false, words)
  }
  const latest = useRef(props)
  latest.current = props
  const insertHtml = async (html: string): Promise<void> => {
    const range = rangeIn(field.current)?.cloneRange() ?? null
    const { fragmentOf, trustedHtml } = await import('./paste')
    const fragment = await fragmentOf(html, latest.current.pictures ?? new Map())
    const element = field.current
    if (!element) return
    element.focus()
    if (range) select(range)
    else {
      getSelection()?.selectAllChildren(element)
      getSelection()?.collapseToEnd()
    }
    const holder = document.createElement('div')
    holder.append(fragment)
    document.execCommand('insertHTML', false, trustedHtml(holder.innerHTML))
    named(element, latest.current.pictures)
    saySoon()
  }
  useImperativeHandle(props.handle ?? { current: null }, () => ({ read, focus: () => field.current?.focus(), insert, insertHtml, tell: say }), [])
  const act = (command: RichCommand): void => {
    if (command === 'link') {
      linked.value = linked.value ? null : { range: rangeIn(field.current)?.cloneRange() ?? null }
      return
    }
    field.current?.focus()
    run(command, field.current)
    marks.value = isOn(field.current)
    saySoon()
  }
  const onKey = (event: KeyboardEvent): void => {
    if (event.isComposing || event.keyCode === 229) return
    const command = commandOf(event)
    if (!command) return
    event.preventDefault()
    event.stopPropagation()
    act(command)
  }
  const linkDone = (): void => {
    const range = linked.value?.range ?? null
    linked.value = null
    field.current?.focus()
    select(range)
    saySoon()
  }
  return (
    <div class="rich">
      <Toolbar marks={marks} onCommand={act} isLinking={linked.value !== null} />
      {linked.value ? <LinkForm range={linked.value.range} onDone={linkDone} /> : null}
      <div
        ref={field} class="rich-field" contentEditable role="textbox" aria-multiline="true" aria-label={mt('rich.field')} dir="auto" data-placeholder={props.placeholder ?? ''} spellcheck
        onFocus={() => {
          document.execCommand('defaultParagraphSeparator', false, 'p')
          document.execCommand('styleWithCSS', false, 'false')
        }}
        onInput={saySoon} onBlur={say} onKeyDown={onKey}
        onPaste={(event) => { if (field.current) void paste(event, props, field.current).then(saySoon) }}
        onDrop={(event) => {
          // Files are the composer's; foreign markup would come in uncleaned.
          const files = event.dataTransfer?.files
          if (!files?.length) return event.preventDefault()
          if (!props.onFiles) return
          event.preventDefault()
          event.stopPropagation()
          const range = document.caretRangeFromPoint?.(event.clientX, event.clientY) ?? null
          if (range && field.current?.contains(range.startContainer)) select(range)
          props.onFiles(files)
        }}
      />
    </div>
  )
}
