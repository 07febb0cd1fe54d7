// The formatting of the rich field: one table for buttons and keys. A toolbar as screen readers know it: one stop of Tab, arrows inside.
import type { Signal } from '@preact/signals'
import { useRef } from 'preact/hooks'
import { keyCaps } from '../lib/keys'
import { dir } from '../lib/i18n'
import { mt, type PlainMailKey } from './words'

export type RichCommand = 'bold' | 'italic' | 'underline' | 'bullets' | 'numbers' | 'link' | 'quote' | 'code'
interface Row { id: RichCommand; words: PlainMailKey; keys: string; code: string; hasShift: boolean; path: string }

/** `code`: the key itself, wherever the layout has its letter or digit. Mod+K is the palette's, so the link takes Shift. */
const ROWS: readonly Row[] = [
  { id: 'bold', words: 'rich.bold', keys: 'Mod+B', code: 'KeyB', hasShift: false, path: 'M8 5.500h5a3.250 3.250 0 0 1 0 6.500H8zM8 12h6a3.250 3.250 0 0 1 0 6.500H8z' },
  { id: 'italic', words: 'rich.italic', keys: 'Mod+I', code: 'KeyI', hasShift: false, path: 'M10.500 5.500h7M6.500 18.500h7M14 5.500l-4 13' },
  { id: 'underline', words: 'rich.underline', keys: 'Mod+U', code: 'KeyU', hasShift: false, path: 'M7.500 5v6.500a4.500 4.500 0 0 0 9 0V5M6 19.500h12' },
  { id: 'bullets', words: 'rich.bullets', keys: 'Mod+Shift+8', code: 'Digit8', hasShift: true, path: 'M9.500 6.500h10M9.500 12h10M9.500 17.500h10M5 6.500h.01M5 12h.01M5 17.500h.01' },
  { id: 'numbers', words: 'rich.numbers', keys: 'Mod+Shift+7', code: 'Digit7', hasShift: true, path: 'M10.500 6.500h9M10.500 12h9M10.500 17.500h9M4.500 5.500 6 4.500v5M4.300 14.500c1.800-1.600 3.400.2 2 1.700L4.500 18.500h2.700' },
  { id: 'link', words: 'rich.link', keys: 'Mod+Shift+K', code: 'KeyK', hasShift: true, path: 'M10 14a4 4 0 0 0 5.700 0l3-3A4 4 0 0 0 13 5.300l-1 1M14 10a4 4 0 0 0-5.700 0l-3 3a4 4 0 0 0 5.700 5.700l1-1' },
  { id: 'quote', words: 'rich.quote', keys: 'Mod+Shift+9', code: 'Digit9', hasShift: true, path: 'M5 5v14M9.500 7.500h10M9.500 12h10M9.500 16.500h6' },
  { id: 'code', words: 'rich.code', keys: 'Mod+Shift+6', code: 'Digit6', hasShift: true, path: 'M8.500 7 3.500 12l5 5M15.500 7l5 5-5 5' },
]

export function commandOf(event: KeyboardEvent): RichCommand | null {
  if (!(event.ctrlKey || event.metaKey) || event.altKey) return null
  return ROWS.find((row) => row.code === event.code && row.hasShift === event.shiftKey)?.id ?? null
}

/** The element of that name around the caret, within the field. */
function around(name: string, field: HTMLElement | null): HTMLElement | null {
  const node = getSelection()?.anchorNode
  const element = node instanceof Element ? node : node?.parentElement
  const found = element?.closest<HTMLElement>(name) ?? null
  return found && field && found !== field && field.contains(found) ? found : null
}

export function isOn(field: HTMLElement | null): ReadonlySet<RichCommand> {
  const on = new Set<RichCommand>()
  for (const id of ['bold', 'italic', 'underline'] as const) if (document.queryCommandState(id)) on.add(id)
  if (document.queryCommandState('insertUnorderedList')) on.add('bullets')
  if (document.queryCommandState('insertOrderedList')) on.add('numbers')
  if (around('a[href]', field)) on.add('link')
  if (around('blockquote', field)) on.add('quote')
  if (around('pre', field)) on.add('code')
  return on
}

/** How many letters of the field stand before a place in it. */
export function lettersBefore(node: Node, offset: number, field: HTMLElement): number {
  const range = document.createRange()
  range.setStart(field, 0)
  range.setEnd(node, offset)
  return range.toString().length
}

/** The place after so many letters. */
export function placeAfter(letters: number, field: HTMLElement): [Text, number] | null {
  const walker = document.createTreeWalker(field, NodeFilter.SHOW_TEXT)
  let left = letters
  for (let node = walker.nextNode() as Text | null; node; node = walker.nextNode() as Text | null) {
    if (left <= node.length) return [node, left]
    left -= node.length
  }
  return null
}

/** Browsers may put the caret at the beginning of what they turn into a list or a quote, and make the words anew: it stays where it was among the letters. */
export function run(command: RichCommand, field: HTMLElement | null): void {
  const selection = getSelection()
  const { anchorNode: from, anchorOffset = 0, focusNode: to, focusOffset = 0 } = selection ?? {}
  // The marks that the next letter will have would be lost by setting the caret.
  const isBlock = command !== 'bold' && command !== 'italic' && command !== 'underline'
  if (!isBlock || !field || !(from instanceof Text) || !(to instanceof Text) || !field.contains(from) || !field.contains(to)) return apply(command, field)
  const letters = [lettersBefore(from, anchorOffset, field), lettersBefore(to, focusOffset, field)] as const
  apply(command, field)
  const [begin, end] = [placeAfter(letters[0], field), placeAfter(letters[1], field)]
  if (begin && end) selection?.setBaseAndExtent(...begin, ...end)
}

function apply(command: RichCommand, field: HTMLElement | null): void {
  switch (command) {
    case 'bold':
    case 'italic':
    case 'underline':
      document.execCommand(command)
      return
    case 'bullets':
      document.execCommand('insertUnorderedList')
      return
    case 'numbers':
      document.execCommand('insertOrderedList')
      return
    case 'quote':
      // "indent" would write a style into the element, which the console's policy reports.
      if (around('blockquote', field)) document.execCommand('outdent')
      else document.execCommand('formatBlock', false, 'blockquote')
      return
    case 'code':
      document.execCommand('formatBlock', false, around('pre', field) ? 'p' : 'pre')
      return
    case 'link': // asks for an address first (rich.tsx)
      return
  }
}

export function Toolbar({ marks, onCommand, isLinking }: { marks: Signal<ReadonlySet<RichCommand>>; onCommand: (command: RichCommand) => void; isLinking: boolean }) {
  const bar = useRef<HTMLDivElement>(null)
  const at = useRef(0)
  const onKey = (event: KeyboardEvent): void => {
    const step = event.key === 'ArrowRight' ? 1 : event.key === 'ArrowLeft' ? -1 : 0
    const buttons = [...(bar.current?.querySelectorAll('button') ?? [])]
    if (step) at.current = (at.current + (dir.value === 'rtl' ? -step : step) + buttons.length) % buttons.length
    else if (event.key === 'Home') at.current = 0
    else if (event.key === 'End') at.current = buttons.length - 1
    else return
    event.preventDefault()
    buttons.forEach((button, place) => (button.tabIndex = place === at.current ? 0 : -1))
    buttons[at.current]?.focus()
  }
  return (
    <div ref={bar} class="rich-toolbar" role="toolbar" aria-label={mt('rich.toolbar')} onKeyDown={onKey}>
      {ROWS.map((row, place) => {
        const name = mt(row.words)
        const state = row.id === 'link' ? { 'aria-expanded': isLinking } : { 'aria-pressed': marks.value.has(row.id) }
        return (
          <button
            key={row.id} type="button" class={marks.value.has(row.id) ? 'icon-button rich-on' : 'icon-button'} tabIndex={place === at.current ? 0 : -1} aria-label={name} title={`${name} (${keyCaps(row.keys).map((press) => press.join('+')).join(' ')})`} {...state}
            // The selection stays where it is.
            onMouseDown={(event) => event.preventDefault()}
            onFocus={() => void (at.current = place)}
            onClick={() => onCommand(row.id)}
          >
            <svg class="icon" width={18} height={18} viewBox="0 0 24 24" aria-hidden="true" focusable="false"><path d={row.path} /></svg>
          </button>
        )
      })}
    </div>
  )
}
