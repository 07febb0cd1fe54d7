// A field over a list of choices: the palette and every picker. Typing narrows, arrows move, Enter takes.
import { useSignal } from '@preact/signals'
import { useEffect, useLayoutEffect, useRef } from 'preact/hooks'
import type { ComponentChildren, RefObject } from 'preact'
import { Icon, type IconName } from '../ui/icon'
import { Keys, Overlay } from '../ui/parts'
import { t } from '../lib/i18n'
import { score } from './score'

export interface Choice {
  key: string
  label: string
  hint?: string
  group?: string
  icon?: IconName
  lead?: ComponentChildren
  keys?: string
  isTicked?: boolean
  /** Stays open after a pick (ticking several). */
  stays?: boolean
  pick: () => void
}

/** As many as the list shows without scrolling (.dialog-chooser). The others come when they are scrolled or walked to, or to who stays: no key waits for them. */
const FIRST = 13
const STAY_MS = 400

function ranked(choices: readonly Choice[], wanted: string, keepOrder: boolean): Choice[] {
  const found = choices.map((choice) => ({ choice, rank: score(choice.label, wanted) })).filter((one) => one.rank > 0)
  if (wanted && !keepOrder) found.sort((a, b) => b.rank - a.rank)
  return found.map((one) => one.choice)
}

function OneChoice({ choice, index, count, isCurrent, group, onPoint, onTake }: { choice: Choice; index: number; count: number; isCurrent: boolean; group: string | null; onPoint: () => void; onTake: () => void }) {
  return (
    <>
      {group !== null ? <div class="chooser-group" role="presentation">{group}</div> : null}
      <div class="choice" id={'choice-' + index} role="option" aria-selected={isCurrent} aria-setsize={count} aria-posinset={index + 1} onPointerMove={onPoint} onClick={onTake}>
        {choice.isTicked !== undefined ? <span class={choice.isTicked ? 'choice-tick choice-ticked' : 'choice-tick'}>{choice.isTicked ? <Icon name="check" size={14} /> : null}</span> : null}
        {choice.lead ?? (choice.icon ? <Icon name={choice.icon} /> : null)}
        <bdi class="choice-label" dir="auto">{choice.label}</bdi>
        {choice.hint ? <span class="choice-hint">{choice.hint}</span> : null}
        {choice.keys ? <Keys combo={choice.keys} /> : null}
      </div>
    </>
  )
}

interface ChooserProps {
  label: string
  placeholder: string
  choices: readonly Choice[]
  onQuery?: (query: string) => void
  onClose: () => void
  create?: (query: string) => Choice | null
  keepOrder?: boolean
}

function useChooser({ choices, create, keepOrder = false }: ChooserProps) {
  const query = useSignal('')
  const at = useSignal(0)
  const isWhole = useSignal(false)
  const wanted = query.value.trim()
  useEffect(() => {
    const timer = setTimeout(() => void (isWhole.value = true), STAY_MS)
    return () => clearTimeout(timer)
  }, [wanted])
  const found = ranked(choices, wanted, keepOrder)
  const extra = wanted ? create?.(wanted) : null
  if (extra) found.push(extra)
  const current = Math.min(at.value, found.length - 1)
  const shown = isWhole.value || current >= FIRST ? found : found.slice(0, FIRST)
  return { query, at, isWhole, found, shown, wanted, current }
}

/** Keeps the current choice in sight as it moves. */
function useReveal(list: RefObject<HTMLElement>, current: number): void {
  const last = useRef(current)
  useEffect(() => {
    if (last.current === current) return
    last.current = current
    list.current?.querySelector('[aria-selected=true]')?.scrollIntoView({ block: 'nearest' })
  }, [current])
}

export function Chooser(props: ChooserProps) {
  const { label, placeholder, onQuery, onClose } = props
  const { query, at, isWhole, found, shown, wanted, current } = useChooser(props)
  const list = useRef<HTMLDivElement>(null)
  const input = useRef<HTMLInputElement>(null)
  useLayoutEffect(() => input.current?.focus(), [])
  useReveal(list, current)

  const take = (choice: Choice | undefined): void => {
    if (!choice) return
    if (!choice.stays) onClose()
    choice.pick()
  }
  const onKey = (event: KeyboardEvent): void => {
    if (event.isComposing || event.keyCode === 229) return
    if (event.key === 'ArrowDown' || event.key === 'ArrowUp') {
      event.preventDefault()
      at.value = (current + (event.key === 'ArrowDown' ? 1 : found.length - 1)) % Math.max(1, found.length)
    } else if (event.key === 'Enter') {
      event.preventDefault()
      take(found[current])
    }
  }
  return (
    <Overlay label={label} onClose={onClose} class="dialog-chooser">
      <div class="chooser-field">
        <Icon name="search" />
        <input
          ref={input}
          type="text"
          dir="auto"
          role="combobox"
          aria-expanded="true"
          aria-controls="chooser-list"
          aria-activedescendant={current >= 0 ? 'choice-' + current : undefined}
          aria-label={label}
          placeholder={placeholder}
          onInput={(event) => {
            query.value = event.currentTarget.value
            at.value = 0
            isWhole.value = false
            onQuery?.(event.currentTarget.value.trim())
          }}
          onKeyDown={onKey}
        />
        <kbd>Esc</kbd>
      </div>
      <div class="chooser-list" id="chooser-list" role="listbox" aria-label={label} ref={list} tabIndex={-1} onScroll={() => void (isWhole.value = true)}>
        {shown.map((choice, index) => {
          const isFirst = choice.group !== undefined && !wanted && choice.group !== shown[index - 1]?.group
          return <OneChoice key={choice.key} choice={choice} index={index} count={found.length} isCurrent={index === current} group={isFirst ? (choice.group ?? null) : null} onPoint={() => void (at.value = index)} onTake={() => take(choice)} />
        })}
        {shown.length < found.length ? <div class="chooser-rest" role="presentation" style={{ '--count': found.length - shown.length }} /> : null}
        {shown.length === 0 ? <p class="chooser-none">{t('palette.none')}</p> : null}
      </div>
    </Overlay>
  )
}
