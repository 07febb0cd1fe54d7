// The bar between two panes: dragged, or moved with the arrow keys; the width is remembered by its owner.
import { useRef } from 'preact/hooks'

export function Resizer({ label, value, min, max, isEnd, onChange }: { label: string; value: number; min: number; max: number; isEnd?: boolean; onChange: (value: number) => void }) {
  const start = useRef<{ x: number; value: number } | null>(null)
  const clamp = (next: number): number => Math.round(Math.min(max, Math.max(min, next)))
  const sign = (): number => (document.documentElement.dir === 'rtl' ? -1 : 1) * (isEnd ? -1 : 1)
  return (
    <div
      class={isEnd ? 'resizer resizer-end' : 'resizer'}
      role="separator"
      tabIndex={0}
      aria-orientation="vertical"
      aria-label={label}
      aria-valuenow={value}
      aria-valuemin={min}
      aria-valuemax={max}
      onPointerDown={(event) => {
        start.current = { x: event.clientX, value }
        event.currentTarget.setPointerCapture(event.pointerId)
      }}
      onPointerMove={(event) => {
        if (start.current) onChange(clamp(start.current.value + (event.clientX - start.current.x) * sign()))
      }}
      onPointerUp={() => void (start.current = null)}
      onPointerCancel={() => void (start.current = null)}
      onKeyDown={(event) => {
        const step = event.key === 'ArrowRight' ? 16 : event.key === 'ArrowLeft' ? -16 : 0
        if (!step) return
        event.preventDefault()
        event.stopPropagation()
        onChange(clamp(value + step * sign()))
      }}
    />
  )
}
