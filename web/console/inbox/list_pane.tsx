// The list: search, filters, order, the rows (only those in sight are in the page), what is new above, and actions on many.
import { useSignalEffect } from '@preact/signals'
import { useEffect, useLayoutEffect, useRef, useState } from 'preact/hooks'
import { Keys, Problem, Spinner } from '../ui/parts'
import { Icon } from '../ui/icon'
import { lazyPart } from '../ui/lazy'
import { useVirtual, type Virtual } from '../ui/virtual'
import { t } from '../lib/i18n'
import { openConversationId } from '../lib/router'
import type { Id } from '../lib/types'
import {
  currentView, cursor, isListLoaded, isListLoading, leftAt, listError, listIds, listNext, loadList, loadMore, moreError, newAbove, query, refinement, selected,
} from '../state/lists'
import { look, isOverlayViewsOpen } from '../state/look'
import { focusRequest, takeFocus } from '../state/overlays'
import { FilterBar, SortMenu } from './filter_bar'
import { Row } from './row'
import { viewName } from './views_pane'

const EmptyList = lazyPart(() => import('./empty_list').then((module) => module.EmptyList))
const BulkBar = lazyPart(() => import('./bulk_bar').then((module) => module.BulkBar))

const ROW = { comfortable: 84, compact: 62 } as const
const SEARCH_MS = 250

/** Keeps the row under the cursor (or the first one in sight) where it is on screen when rows come or go above it. */
function useAnchor(scroller: HTMLElement | null, ids: readonly Id[], rowHeight: number): void {
  const before = useRef<readonly Id[]>(ids)
  useLayoutEffect(() => {
    const old = before.current
    before.current = ids
    if (!scroller || old === ids || !old.length || !ids.length) return
    const top = scroller.scrollTop
    const firstSeen = Math.floor(top / rowHeight)
    const focused = openConversationId.peek() ?? cursor.peek()
    const focusedAt = focused ? old.indexOf(focused) : -1
    const isFocusedSeen = focusedAt >= firstSeen && focusedAt * rowHeight < top + scroller.clientHeight
    const anchor = isFocusedSeen ? focused : top > 0 ? old[firstSeen] : null
    if (!anchor) return
    const from = old.indexOf(anchor)
    const to = ids.indexOf(anchor)
    if (to < 0 || from === to) return
    scroller.scrollTop = top + (to - from) * rowHeight
    if (to > from) newAbove.value += to - from
  }, [ids, scroller, rowHeight])
}

function Search() {
  const input = useRef<HTMLInputElement>(null)
  const timer = useRef<ReturnType<typeof setTimeout> | null>(null)
  const asked = focusRequest.value
  useLayoutEffect(() => {
    if (takeFocus(asked, 'search')) input.current?.focus()
  }, [asked])
  // What is searched for may be changed elsewhere (another view, a chip taken away), but never under the hands of who types.
  useSignalEffect(() => {
    const q = refinement.value.q ?? ''
    if (input.current && document.activeElement !== input.current) input.current.value = q
  })
  const apply = (): void => {
    const q = input.current?.value.trim() ?? ''
    if ((refinement.peek().q ?? '') !== q) refinement.value = { ...refinement.peek(), q: q || null }
  }
  return (
    <div class="search">
      <Icon name="search" size={16} />
      <input
        ref={input}
        type="search"
        dir="auto"
        aria-label={t('inbox.search')}
        placeholder={t('inbox.search')}
        maxLength={200}
        onInput={() => {
          if (timer.current) clearTimeout(timer.current)
          timer.current = setTimeout(apply, SEARCH_MS)
        }}
        onKeyDown={(event) => {
          if (event.isComposing) return
          if (event.key === 'Enter') {
            apply()
            event.currentTarget.blur()
          } else if (event.key === 'Escape') {
            event.currentTarget.value = ''
            apply()
            event.currentTarget.blur()
          }
        }}
      />
      <Keys combo="/" />
    </div>
  )
}

function Head({ hasViewsButton }: { hasViewsButton: boolean }) {
  const name = viewName(currentView.value)
  return (
    <header class="list-head">
      {hasViewsButton ? (
        <button type="button" class="list-view-button" aria-haspopup="true" onClick={() => void (isOverlayViewsOpen.value = true)}>
          <h1>{name}</h1>
          <Icon name="down" size={16} />
        </button>
      ) : (
        <h1>{name}</h1>
      )}
      {isListLoading.value && isListLoaded.value ? <Spinner /> : null}
      <span class="list-head-end">
        <SortMenu />
        <FilterBar.Menu />
      </span>
    </header>
  )
}

function NewAbove({ scroller }: { scroller: HTMLElement | null }) {
  if (newAbove.value === 0) return null
  const show = (): void => {
    scroller?.scrollTo({ top: 0 })
    newAbove.value = 0
  }
  return (
    <button type="button" class="new-above" onClick={show}>
      <Icon name="up" size={14} /> {t('inbox.new_above', { count: newAbove.value })}
    </button>
  )
}

/** Keeps the row under the cursor in sight, and takes the focus when a command sends it here. */
function useCursor(scroller: HTMLElement | null, ids: readonly Id[], virtual: Virtual, at: Id | null): void {
  useLayoutEffect(() => {
    const index = at ? ids.indexOf(at) : -1
    if (index >= 0) virtual.reveal(index)
  }, [at])
  const asked = focusRequest.value
  useLayoutEffect(() => {
    if (!scroller || !takeFocus(asked, 'list')) return
    const row = scroller.querySelector<HTMLElement>(`[data-row="${cursor.peek() ?? ''}"]`) ?? scroller
    row.focus({ preventScroll: true })
  }, [asked, scroller])
}

function Rows({ scroller, rowHeight }: { scroller: HTMLDivElement | null; rowHeight: number }) {
  const ids = listIds.value
  const [from] = useState(() => (leftAt.query === JSON.stringify(query.peek()) ? leftAt.top : 0))
  const virtual = useVirtual(scroller, ids.length, rowHeight, from)
  const open = openConversationId.value
  const at = cursor.value ?? open
  useAnchor(scroller, ids, rowHeight)
  useCursor(scroller, ids, virtual, at)
  const last = virtual.items[virtual.items.length - 1]?.index ?? 0
  const next = listNext.value
  // A page may be short, or empty, before the list ends: the next one is asked for even when no row came.
  const isWanted = last >= ids.length - 12 && next !== null
  const isLoading = isListLoading.value
  useEffect(() => {
    if (isWanted) void loadMore()
  }, [last, ids.length, next])
  // A page that was on its way when the list was asked for anew did not count.
  useEffect(() => {
    if (isWanted && !isLoading && !moreError.peek()) void loadMore()
  }, [isLoading])
  if (!ids.length) return null
  return (
    <div class="list" role="list" aria-label={t('inbox.list_of', { view: viewName(currentView.value) })} style={{ blockSize: virtual.total + 'px' }}>
      {virtual.items.map((item) => {
        const id = ids[item.index]
        return id ? (
          <Row key={id} id={id} index={item.index} count={listNext.value ? -1 : ids.length} top={item.start} height={rowHeight} isOpen={id === open} isCursor={id === at} sort={query.value.sort} />
        ) : null
      })}
    </div>
  )
}

export function ListPane({ hasViewsButton }: { hasViewsButton: boolean }) {
  const rowHeight = ROW[look.value.density]
  const [scroller, setScroller] = useState<HTMLDivElement | null>(null)
  const isStillLooking = isListLoaded.value && listIds.value.length === 0 && listNext.value !== null
  const onScroll = (event: { currentTarget: HTMLElement }): void => {
    leftAt.query = JSON.stringify(query.peek())
    leftAt.top = event.currentTarget.scrollTop
    if (leftAt.top < rowHeight / 2) newAbove.value = 0
  }
  return (
    <>
      <Head hasViewsButton={hasViewsButton} />
      <Search />
      <FilterBar.Chips />
      {selected.value.size ? <BulkBar /> : null}
      <div class="list-body">
        <NewAbove scroller={scroller} />
        <div class="list-scroll" ref={setScroller} tabIndex={-1} onScroll={onScroll}>
          {listError.value ? <Problem text={listError.value} onRetry={() => void loadList()} /> : null}
          {(!isListLoaded.value && isListLoading.value) || isStillLooking ? <Skeleton rowHeight={rowHeight} /> : null}
          {isListLoaded.value && listIds.value.length === 0 && !isStillLooking ? <EmptyList /> : null}
          <Rows scroller={scroller} rowHeight={rowHeight} />
          {moreError.value ? <div class="list-more"><Problem text={moreError.value} onRetry={() => void loadMore()} /></div> : null}
        </div>
      </div>
    </>
  )
}

function Skeleton({ rowHeight }: { rowHeight: number }) {
  return (
    <div aria-hidden="true">
      {Array.from({ length: 8 }, (_, at) => (
        <div key={at} class="skeleton" style={{ blockSize: rowHeight + 'px' }}>
          <span class="skeleton-dot" />
          <span class="skeleton-lines">
            <span />
            <span />
          </span>
        </div>
      ))}
    </div>
  )
}
