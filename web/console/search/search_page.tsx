// Searching everything: while one types, over messages, files' names, contacts and tags. What is asked stands in the address.
import '../style/settings.css'
import '../style/search.css'
import { useComputed, useSignal, type ReadonlySignal } from '@preact/signals'
import { useEffect, useLayoutEffect, useRef, useState } from 'preact/hooks'
import type { SearchItem, SearchResult } from '../../shared/api/types'
import { get } from '../lib/api'
import { t } from '../lib/i18n'
import { Latest } from '../lib/latest'
import { search, setSearch } from '../lib/router'
import { focusRequest, takeFocus } from '../state/overlays'
import { errorText } from '../state/toasts'
import { Icon } from '../ui/icon'
import { PageEnd, type PageFault } from '../ui/page_end'
import { Empty, Problem } from '../ui/parts'
import { askedOf, KINDS, ORDERS, searchOf, type Asked } from './asked'
import { faultText, unknownField } from './fault'
import { Hit } from './hit'
import { st } from './words'

const SEARCH_MS = 150

const keyOf = (item: SearchItem): string => `${item.kind} ${item.message?.id ?? item.contact?.id ?? item.tag?.id ?? ''}`

/** What was found, a page at a time; an answer to an older question is dropped. */
function useFound(asked: ReadonlySignal<Asked>, isTyping: ReadonlySignal<boolean>) {
  const items = useSignal<readonly SearchItem[]>([])
  const result = useSignal<SearchResult | null>(null)
  const isLoading = useSignal(false)
  const fault = useSignal<PageFault | null>(null)
  const [latest] = useState(() => new Latest())
  const load = async (more: boolean): Promise<void> => {
    const isLatest = latest.begin()
    fault.value = null
    if (!asked.value.q) {
      items.value = []
      result.value = null
      isLoading.value = false
      return
    }
    isLoading.value = true
    try {
      const found = await get<SearchResult>('/search', { ...asked.value, typing: isTyping.peek(), zone: -new Date().getTimezoneOffset(), cursor: more ? result.peek()?.next : null })
      if (!isLatest()) return
      items.value = more ? [...items.peek(), ...found.items] : found.items
      result.value = found
    } catch (cause) {
      if (!isLatest()) return
      const own = faultText(cause, asked.peek().q)
      fault.value = { text: own ?? errorText(cause), isMore: more, isFinal: own !== null }
      if (!more) items.value = []
    }
    isLoading.value = false
  }
  // While one types the last word may go on; the same words, sent off, are asked for as they are.
  useEffect(() => void load(false), [asked.value.q, asked.value.kind, asked.value.order, isTyping.value])
  return { items, result, isLoading, fault, load }
}

function Box({ asked, isTyping }: { asked: ReadonlySignal<Asked>; isTyping: { value: boolean } }) {
  const input = useRef<HTMLInputElement>(null)
  const timer = useRef<ReturnType<typeof setTimeout> | null>(null)
  const wanted = focusRequest.value
  useLayoutEffect(() => {
    if (takeFocus(wanted, 'search')) input.current?.focus()
  }, [wanted])
  useLayoutEffect(() => input.current?.focus(), [])
  // A step back or a tag that was chosen: what is written follows the address, but never under the hands of somebody who types.
  useLayoutEffect(() => {
    // The space after a word is asked for without, and another word may follow it.
    if (input.current && !timer.current && input.current.value.trim() !== asked.value.q) input.current.value = asked.value.q
  }, [asked.value.q])
  const ask = (typing: boolean): void => {
    if (timer.current) clearTimeout(timer.current)
    timer.current = null
    isTyping.value = typing
    const q = input.current?.value.trim() ?? ''
    setSearch(searchOf({ ...asked.peek(), q }))
  }
  useEffect(() => () => void (timer.current && clearTimeout(timer.current)), [])
  return (
    <form
      class="search search-box"
      role="search"
      onSubmit={(event) => {
        event.preventDefault()
        ask(false)
      }}
    >
      <Icon name="search" size={18} />
      <input
        ref={input}
        type="search"
        dir="auto"
        autocomplete="off"
        maxLength={500}
        aria-label={t('command.go_search')}
        placeholder={st('placeholder')}
        onInput={(event) => {
          if (timer.current) clearTimeout(timer.current)
          if (!event.isComposing) timer.current = setTimeout(() => ask(true), SEARCH_MS)
        }}
        onCompositionEnd={() => {
          timer.current = setTimeout(() => ask(true), SEARCH_MS)
        }}
      />
    </form>
  )
}

function Choices<T extends string>({ label, all, is, words, onPick }: { label: string; all: readonly T[]; is: T; words: (one: T) => string; onPick: (one: T) => void }) {
  return (
    <div class="search-choices" role="group" aria-label={label}>
      {all.map((one) => <button key={one} type="button" aria-pressed={one === is} onClick={() => onPick(one)}>{words(one)}</button>)}
    </div>
  )
}

const EXAMPLES = [
  ['"arrived broken"', 'help.phrase'],
  ['refund*', 'help.prefix'],
  ['-invoice', 'help.exclude'],
  ['from:asha channel:email', 'help.fields'],
  ['tag:vip is:open', 'help.tag'],
  ['assignee:ada has:attachment', 'help.people'],
  ['after:2026-01-01 before:2026-02-01', 'help.dates'],
] as const

function Help() {
  return (
    <section class="search-help" aria-labelledby="search-help">
      <h2 id="search-help">{st('help')}</h2>
      <dl>
        {EXAMPLES.map(([example, key]) => <div key={key}><dt><code dir="ltr">{example}</code></dt><dd>{st(key)}</dd></div>)}
      </dl>
    </section>
  )
}

export function SearchPage() {
  const asked = useComputed(() => askedOf(search.value))
  const isTyping = useSignal(false)
  const { items, result, isLoading, fault, load } = useFound(asked, isTyping)
  const { q, kind, order } = asked.value
  const count = items.value.length
  const hasAnswer = result.value !== null && !isLoading.value && !fault.value
  const next = result.value?.next ?? null
  const change = (part: Partial<Asked>): void => setSearch(searchOf({ ...asked.peek(), ...part }))
  return (
    <main id="main" class="settings-page search-page" tabIndex={-1}>
      <h1 class="sr-only">{t('command.go_search')}</h1>
      <Box asked={asked} isTyping={isTyping} />
      <div class="search-narrow">
        <Choices label={st('kind')} all={KINDS} is={kind} words={(one) => st(`kind.${one}`)} onPick={(one) => change({ kind: one })} />
        <Choices label={st('order')} all={ORDERS} is={order} words={(one) => st(`order.${one}`)} onPick={(one) => change({ order: one })} />
      </div>
      <p class="search-count" role="status">{q && hasAnswer && count ? st(next ? 'found_more' : 'found', { count }) : ''}</p>
      {fault.value && !fault.value.isMore ? <Problem text={fault.value.text} {...(fault.value.isFinal ? {} : { onRetry: () => void load(false) })} /> : null}
      {result.value?.is_building ? <p class="settings-hint">{st('building')}</p> : null}
      {q && hasAnswer && !count ? <Empty icon="search" title={st('none', { query: q })}>{unknownField(q) ?? st('none_hint')}</Empty> : null}
      {q ? null : <Empty icon="search" title={st('start')} />}
      <ul class="search-hits" aria-busy={isLoading.value}>{items.value.map((item) => <Hit key={keyOf(item)} item={item} />)}</ul>
      <PageEnd fault={fault.value} hasMore={next !== null && hasAnswer} isLoading={isLoading.value} onMore={() => void load(true)} />
      {result.value?.is_limited && hasAnswer && !next ? <p class="settings-hint">{st('limited')}</p> : null}
      {q && count ? null : <Help />}
    </main>
  )
}
