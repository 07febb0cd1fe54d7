// The rich field: bold, italic, underline, lists, links, quotes, code, on the browser's own editing and its undo. What leaves it is written anew by
// rich_text.ts. Typing draws nothing and reads nothing: what was written is told a moment later, and when it is asked for (`RichHandle`).
import { useSignal, type Signal } from '@preact/signals'
import type { RefObject } from 'preact'
import { useEffect, useImperativeHandle, useLayoutEffect, useRef } from 'preact/hooks'
import { complain } from '../state/toasts'
import { safeLink } from './links'
import { escaped, htmlOf, textOf } from './rich_text'
import { commandOf, isOn, lettersBefore, placeAfter, run, Toolbar, type RichCommand } from './toolbar'
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
  /** the same as text */
  text: string
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

/**
 * What the field was last told and has last said, and when it says it. What it is told is read by a module that may still be on its way: until then
 * it is awaited, whoever writes meanwhile writes before it, and what the field says has both. Nobody's words or caret are moved for it.
 */
function useWriting(field: RefObject<HTMLDivElement>, props: RichProps) {
  const said = useRef('')
  const awaited = useRef<Written | null>(null)
  const timer = useRef<ReturnType<typeof setTimeout> | null>(null)
  const latest = useRef(props)
  latest.current = props
  const read = (): Written => {
    const here = field.current ? { html: htmlOf(field.current), text: textOf(field.current) } : { html: '', text: '' }
    const more = awaited.current
    return more ? { html: here.html + more.html, text: [here.text, more.text].filter(Boolean).join('\n\n') } : here
  }
  const say = (): void => {
    if (timer.current !== null) clearTimeout(timer.current)
    timer.current = null
    const written = read()
    if (written.html === said.current) return
    said.current = written.html
    latest.current.onChange(written)
  }
  const saySoon = (): void => void (timer.current ??= setTimeout(say, SAY_AFTER_MS))
  const fill = async (given: Written): Promise<void> => {
    const { fragmentOf } = await import('./paste')
    const fragment = await fragmentOf(given.html, latest.current.pictures ?? new Map())
    const element = field.current
    if (awaited.current !== given || !element) return
    awaited.current = null
    if (htmlOf(element)) element.append(fragment)
    else element.replaceChildren(fragment)
  }
  // With the drawing itself: between this and what the field said, nobody can have typed.
  useLayoutEffect(() => {
    const before = said.current
    if (props.html === before) return
    // Words that were not said yet are newer than what comes from elsewhere.
    if (timer.current !== null) say()
    if (said.current !== before) return
    said.current = props.html
    awaited.current = props.html ? { html: props.html, text: props.text } : null
    field.current?.replaceChildren()
    if (awaited.current) fill(awaited.current).catch(complain)
  }, [props.html])
  // What was written last must not be lost when the field goes.
  useLayoutEffect(() => () => { if (timer.current !== null) say() }, [])
  return { read, say, saySoon }
}

interface Place { range: Range; letters: number }

/** Where the caret is, for something that is put there a moment later. */
function placeIn(field: HTMLElement | null): Place | null {
  const range = rangeIn(field)?.cloneRange()
  return range && field ? { range, letters: lettersBefore(range.startContainer, range.startOffset, field) } : null
}

/** Typing after a space lets the browser make the space anew, and ranges that began behind it begin before it then. */
function mended({ range, letters }: Place, field: HTMLElement): Range {
  const now = lettersBefore(range.startContainer, range.startOffset, field)
  const behind = now === letters - 1 && /\s/.test(field.textContent?.charAt(now) ?? '') ? placeAfter(letters, field) : null
  if (behind) range.setStart(...behind)
  return range
}

/** One paragraph goes into the line where the caret is. */
const inLine = (html: string): string => (/^<p>((?!<p>).)*<\/p>$/s.test(html) ? html.slice(3, -4) : html)

/** Puts clean HTML where the caret was when it was asked for; null: at the end. Who has written on since, here or elsewhere, goes on there. */
function insertAt(place: Place | null, html: string, field: HTMLElement): void {
  const active = document.activeElement
  const now = rangeIn(field)?.cloneRange() ?? null
  const hasMoved = now !== null && place !== null && place.range.compareBoundaryPoints(Range.START_TO_START, now) !== 0
  field.focus()
  if (place) select(hasMoved ? mended(place, field) : place.range)
  else {
    getSelection()?.selectAllChildren(field)
    getSelection()?.collapseToEnd()
  }
  document.execCommand('insertHTML', false, html)
  if (hasMoved) select(now)
  if (active instanceof HTMLInputElement || active instanceof HTMLTextAreaElement) active.focus()
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
  const place = placeIn(field)
  if (html) {
    const { cleanHtml, trustedHtml } = await import('./paste')
    // A picture of another mail has nothing behind its Content-Id here.
    const clean = (await cleanHtml(html)).replace(/<img\b[^>]*>/g, '')
    insertAt(place, trustedHtml(inLine(clean)), field)
  } else document.execCommand('insertText', false, text)
}

function LinkForm({ range, onDone }: { range: Range | null; onDone: () => void }) {
  const input = useRef<HTMLInputElement>(null)
  const before = anchorAt(range)
  const isBad = useSignal(false)
  // Before the paint: the key after the one that opened it belongs in here.
  useLayoutEffect(() => input.current?.select(), [])
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
      <button type="button" class="button button-small" onClick={() => void apply()}>{mt('rich.apply')}</button>
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
    const place = placeIn(field.current)
    const { fragmentOf, trustedHtml } = await import('./paste')
    const fragment = await fragmentOf(html, latest.current.pictures ?? new Map())
    const element = field.current
    if (!element) return
    const holder = document.createElement('div')
    holder.append(fragment)
    insertAt(place, trustedHtml(inLine(holder.innerHTML)), element)
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
