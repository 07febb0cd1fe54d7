// A list of which only the rows in sight are in the page.
import { elementScroll, observeElementOffset, observeElementRect, Virtualizer, type VirtualItem } from '@tanstack/virtual-core'
import { useEffect, useLayoutEffect, useRef, useState } from 'preact/hooks'

export interface Virtual { items: VirtualItem[]; total: number; reveal: (index: number) => void }

/** Rows of one height; `element` is the scroller once it stands, `from` where it begins. */
export function useVirtual(element: HTMLElement | null, count: number, rowHeight: number, from = 0): Virtual {
  const [, redraw] = useState(0)
  const held = useRef<Virtualizer<HTMLElement, HTMLElement> | null>(null)
  const options = {
    count,
    getScrollElement: () => element,
    estimateSize: () => rowHeight,
    overscan: 6,
    initialOffset: from,
    observeElementRect,
    observeElementOffset,
    scrollToFn: elementScroll,
    onChange: () => redraw((value) => value + 1),
  }
  held.current ??= new Virtualizer<HTMLElement, HTMLElement>(options)
  const virtualizer = held.current
  virtualizer.setOptions(options)
  useEffect(() => virtualizer._didMount(), [virtualizer])
  useLayoutEffect(() => virtualizer._willUpdate())
  useLayoutEffect(() => virtualizer.measure(), [rowHeight])
  return {
    items: virtualizer.getVirtualItems(),
    total: virtualizer.getTotalSize(),
    // From what the virtualizer was told last: asking the element would lay the page out before it is painted.
    reveal(index) {
      const height = virtualizer.scrollRect?.height ?? 0
      const from = virtualizer.scrollOffset ?? 0
      const top = index * rowHeight
      if (!element || !height) return
      if (top < from) element.scrollTop = top
      else if (top + rowHeight > from + height) element.scrollTop = top + rowHeight - height
    },
  }
}
