// The grid of emoji with a field to find one; arrows walk, Enter takes, Escape leaves.
import { useSignal } from '@preact/signals'
import { useLayoutEffect, useRef } from 'preact/hooks'
import { t } from '../lib/i18n'
import { emojis, findEmojis } from './emoji'

export function EmojiPanel({ onPick, onClose }: { onPick: (sign: string) => void; onClose: () => void }) {
  const query = useSignal('')
  const root = useRef<HTMLDivElement>(null)
  // Before the paint: the key after the one that opened it belongs in the field.
  useLayoutEffect(() => {
    root.current?.querySelector('input')?.focus()
    const outside = (event: PointerEvent): void => {
      if (!root.current?.parentElement?.contains(event.target as Node)) onClose()
    }
    document.addEventListener('pointerdown', outside)
    return () => document.removeEventListener('pointerdown', outside)
  }, [])
  const found = query.value ? findEmojis(query.value, 40) : emojis()
  const onKey = (event: KeyboardEvent): void => {
    if (event.key === 'Escape') {
      event.preventDefault()
      event.stopPropagation()
      onClose()
      return
    }
    const buttons = [...(root.current?.querySelectorAll<HTMLElement>('.emoji-grid button') ?? [])]
    const at = buttons.indexOf(document.activeElement as HTMLElement)
    const sign = document.documentElement.dir === 'rtl' ? -1 : 1
    const step = { ArrowRight: sign, ArrowLeft: -sign, ArrowDown: 8, ArrowUp: -8 }[event.key]
    if (step === undefined || (at < 0 && event.key !== 'ArrowDown')) {
      if (event.key === 'Enter' && at < 0 && found[0]) {
        event.preventDefault()
        onPick(found[0].sign)
      }
      return
    }
    event.preventDefault()
    buttons[at < 0 ? 0 : Math.max(0, Math.min(buttons.length - 1, at + step))]?.focus()
  }
  return (
    <div class="emoji-panel" ref={root} role="dialog" aria-label={t('composer.emoji')} onKeyDown={onKey}>
      <input type="search" dir="auto" aria-label={t('composer.emoji_search')} placeholder={t('composer.emoji_search')} onInput={(event) => void (query.value = event.currentTarget.value)} />
      <div class="emoji-grid">
        {found.map((one) => (
          <button key={one.sign} type="button" title={one.words} aria-label={one.words} onClick={() => onPick(one.sign)}>{one.sign}</button>
        ))}
      </div>
    </div>
  )
}
