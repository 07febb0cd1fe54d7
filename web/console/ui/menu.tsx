// A button with a menu of actions: arrows, Home, End, Escape, typing a first letter; closes when the focus leaves.
import type { ComponentChildren } from 'preact'
import { useLayoutEffect, useRef, useState } from 'preact/hooks'
import { Icon, type IconName } from './icon'
import { Keys, type MenuItem } from './parts'

type Item = MenuItem | null

function MenuEntry({ item, onTake }: { item: MenuItem; onTake: () => void }) {
  return (
    <button
      type="button"
      role={item.isChecked === undefined ? 'menuitem' : 'menuitemradio'}
      {...(item.isChecked === undefined ? {} : { 'aria-checked': item.isChecked })}
      aria-disabled={item.disabled ?? false}
      class={item.tone === 'danger' ? 'menu-item menu-item-danger' : 'menu-item'}
      tabIndex={-1}
      onClick={() => {
        if (item.disabled) return
        onTake()
        item.run()
      }}
    >
      {item.isChecked !== undefined ? <span class="menu-check">{item.isChecked ? <Icon name="check" size={16} /> : null}</span> : item.icon ? <Icon name={item.icon} size={16} /> : null}
      <span class="menu-label">{item.label}</span>
      {item.keys ? <Keys combo={item.keys} /> : null}
    </button>
  )
}

/** Opening, closing and walking through the entries of a menu. */
function useMenu() {
  const [isOpen, setOpen] = useState(false)
  const root = useRef<HTMLDivElement>(null)
  const button = useRef<HTMLButtonElement>(null)
  const entries = (): HTMLElement[] => [...(root.current?.querySelectorAll<HTMLElement>('[role^=menuitem]:not([aria-disabled=true])') ?? [])]
  // Before the paint: the key after the one that opened it belongs to the menu.
  useLayoutEffect(() => {
    if (!isOpen) return
    entries()[0]?.focus()
    const outside = (event: PointerEvent): void => {
      if (!root.current?.contains(event.target as Node)) setOpen(false)
    }
    document.addEventListener('pointerdown', outside)
    return () => document.removeEventListener('pointerdown', outside)
  }, [isOpen])
  const close = (): void => {
    setOpen(false)
    button.current?.focus()
  }
  const onKey = (event: KeyboardEvent): void => {
    if (!isOpen) return
    const all = entries()
    const at = all.indexOf(document.activeElement as HTMLElement)
    const to: Record<string, number> = { ArrowDown: (at + 1) % all.length, ArrowUp: (at - 1 + all.length) % all.length, Home: 0, End: all.length - 1 }
    const next = to[event.key]
    if (next !== undefined) {
      event.preventDefault()
      event.stopPropagation()
      all[next]?.focus()
    } else if (event.key === 'Escape') {
      event.preventDefault()
      event.stopPropagation()
      close()
    } else if (event.key === 'Tab') setOpen(false)
    else if (event.key.length === 1) {
      event.stopPropagation()
      all.find((one) => one.textContent?.trim().toLowerCase().startsWith(event.key.toLowerCase()))?.focus()
    }
  }
  return { isOpen, setOpen, root, button, close, onKey }
}

export function Menu({ label, icon, items, children, align = 'end', class: extra, showLabel }: {
  label: string
  icon?: IconName
  items: readonly Item[]
  children?: ComponentChildren
  align?: 'start' | 'end'
  class?: string
  showLabel?: boolean
}) {
  const { isOpen, setOpen, root, button, close, onKey } = useMenu()
  return (
    <div class={`menu${extra ? ' ' + extra : ''}`} ref={root} onKeyDown={onKey}>
      <button
        type="button"
        ref={button}
        class={children || showLabel ? 'menu-button' : 'icon-button'}
        aria-haspopup="menu"
        aria-expanded={isOpen}
        {...(showLabel ? {} : { 'aria-label': label, title: label })}
        onClick={() => setOpen(!isOpen)}
      >
        {children ?? (
          <>
            {icon ? <Icon name={icon} /> : null}
            {showLabel ? <span>{label}</span> : null}
          </>
        )}
      </button>
      {isOpen ? (
        <div class={`menu-list menu-${align}`} role="menu" aria-label={label}>
          {items.map((item, at) => (item === null ? <div key={at} class="menu-line" role="separator" /> : <MenuEntry key={item.label} item={item} onTake={close} />))}
        </div>
      ) : null}
    </div>
  )
}
