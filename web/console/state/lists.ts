// The list of conversations on screen: which view or search, its rows, its pages, and how live changes enter it.
import { batch, computed, signal } from '@preact/signals'
import { ApiError, get, type Query } from '../lib/api'
import type { Conversation, Id, Page, Sort, View, ViewFilter } from '../lib/types'
import { route } from '../lib/router'
import { tick } from './order'
import { compareConversations, matchesFilter, placeInList } from './reducers'
import { conversations, counts, myId, pruneConversations, putConversation, views } from './store'
import { errorText } from './toasts'
import type { ViewCounts } from '../../shared/api/types'

export interface ListQuery { filter: ViewFilter; sort: Sort; view: string }

/** The views every agent has, also before the server has told of them. */
export const BUILTIN_VIEWS: readonly View[] = [
  { id: null, key: 'mine', name: '', filter: { status: ['open'], assignee: 'me' }, sort: 'due', is_shared: true, position: 0 },
  { id: null, key: 'unassigned', name: '', filter: { status: ['open'], assignee: 'none' }, sort: 'due', is_shared: true, position: 1 },
  { id: null, key: 'all', name: '', filter: { status: ['open'] }, sort: 'newest', is_shared: true, position: 2 },
  { id: null, key: 'mentions', name: '', filter: { status: ['open', 'pending', 'snoozed', 'resolved'] }, sort: 'newest', is_shared: true, position: 3 },
  { id: null, key: 'snoozed', name: '', filter: { status: ['snoozed', 'pending'] }, sort: 'newest', is_shared: true, position: 4 },
  { id: null, key: 'resolved', name: '', filter: { status: ['resolved'] }, sort: 'newest', is_shared: true, position: 5 },
]

export const builtinViews = computed(() =>
  BUILTIN_VIEWS.map((one) => views.value.find((view) => view.key === one.key && !view.id) ?? views.value.find((view) => view.key === one.key) ?? one),
)
export const customViews = computed(() =>
  views.value.filter((view) => !BUILTIN_VIEWS.some((one) => one.key === view.key)).sort((a, b) => a.position - b.position),
)
export const viewKey = (view: View): string => view.id ?? view.key

export const currentView = computed<View>(() => {
  const current = route.value
  const wanted = current.page === 'inbox' ? current.view : 'all'
  return (
    builtinViews.value.find((view) => view.key === wanted) ??
    customViews.value.find((view) => viewKey(view) === wanted) ??
    (BUILTIN_VIEWS[2] as View)
  )
})

/** What the agent narrowed or reordered on top of the view; forgotten when the view changes. */
export const refinement = signal<ViewFilter>({})
export const chosenSort = signal<Sort | null>(null)

export const query = computed<ListQuery>(() => ({
  view: viewKey(currentView.value),
  filter: { ...currentView.value.filter, ...refinement.value },
  sort: chosenSort.value ?? currentView.value.sort,
}))
export const isRefined = computed(() => Object.values(refinement.value).some((value) => (Array.isArray(value) ? value.length : value)))

export const listIds = signal<Id[]>([])
export const listNext = signal<string | null>(null)
export const isListLoading = signal(false)
export const isListLoaded = signal(false)
export const listError = signal<string | null>(null)
/** Why the next page did not come: the rows end there, the list does not. */
export const moreError = signal<string | null>(null)
/** The row that keys act on; the open conversation when there is one. */
export const cursor = signal<Id | null>(null)
export const selected = signal<ReadonlySet<Id>>(new Set())
/** The list's rows above what can be seen that came while the agent looked elsewhere. */
export const newAbove = signal(0)

const PAGE = 50
const MAX_PAGE = 200
/** How far the list was scrolled, and which: who comes back to it finds it there. */
export const leftAt = { query: '', top: 0 }

let generation = 0
/** What changed while the list was on its way: the answer may be older than that. */
const changedMeanwhile = new Set<Id>()

export function listParameters(q: ListQuery): Query {
  const { filter } = q
  return {
    view: q.view,
    status: filter.status ?? [],
    assignee: filter.assignee ?? null,
    team: filter.team ?? null,
    channel: filter.channel ?? null,
    tag: filter.tag ?? [],
    priority: filter.priority ?? [],
    q: filter.q ?? null,
    unread: filter.unread ? true : null,
    sort: q.sort,
    limit: PAGE,
  }
}

/** Rows that were loaded behind those that came anew: they stay, so that nobody who reads there is thrown back. */
function rowsBehind(page: Page<Conversation>, sort: Sort): Id[] {
  const last = page.items[page.items.length - 1]
  if (!last || !page.next) return []
  return listIds.peek().filter((id) => {
    const one = conversations.peek(id)
    return one && compareConversations(one, last, sort) > 0
  })
}

/** Loads the list. `quiet`: what is shown stays until the answer is here, and of it what stands behind the first `count` rows (of no more than a long page). */
export async function loadList(quiet = false, count = PAGE): Promise<void> {
  const mine = ++generation
  const asked = query.peek()
  const at = tick()
  changedMeanwhile.clear()
  batch(() => {
    isListLoading.value = true
    listError.value = null
    moreError.value = null
    if (!quiet) {
      listIds.value = []
      isListLoaded.value = false
      selected.value = new Set()
      newAbove.value = 0
    }
  })
  try {
    const page = await get<Page<Conversation>>('/conversations', { ...listParameters(asked), limit: Math.min(MAX_PAGE, Math.max(PAGE, count)) })
    if (mine !== generation) return
    batch(() => {
      for (const one of page.items) putConversation(one, at)
      const behind = quiet ? rowsBehind(page, asked.sort) : []
      listIds.value = [...new Set([...page.items.map((one) => one.id), ...behind])]
      // Of rows that sort to the end some may have come since the end was reached.
      if (!behind.length || listNext.peek() === null) listNext.value = page.next
      isListLoaded.value = true
      isListLoading.value = false
      placeChanged()
    })
  } catch (error) {
    if (mine !== generation) return
    batch(() => {
      isListLoading.value = false
      listError.value = error instanceof ApiError && error.status === 0 && quiet && isListLoaded.peek() ? null : errorText(error)
    })
  }
}

function placeChanged(): void {
  for (const id of changedMeanwhile) {
    const one = conversations.peek(id)
    if (one) placeConversation(one)
  }
}

export async function loadMore(): Promise<void> {
  const after = listNext.peek()
  if (!after || isListLoading.peek()) return
  const mine = generation
  const at = tick()
  changedMeanwhile.clear()
  isListLoading.value = true
  moreError.value = null
  try {
    const page = await get<Page<Conversation>>('/conversations', { ...listParameters(query.peek()), cursor: after })
    if (mine !== generation) return
    batch(() => {
      for (const one of page.items) putConversation(one, at)
      const have = new Set(listIds.peek())
      listIds.value = [...listIds.peek(), ...page.items.map((one) => one.id).filter((id) => !have.has(id))]
      listNext.value = page.next
      placeChanged()
    })
  } catch (error) {
    if (mine !== generation) return
    if (listIds.peek().length) moreError.value = errorText(error)
    else listError.value = errorText(error)
  } finally {
    if (mine === generation) isListLoading.value = false
  }
}

let countsAt = 0
export async function loadCounts(): Promise<void> {
  const asked = tick()
  const answer = await get<ViewCounts>('/views/counts')
  if (asked < countsAt) return
  countsAt = asked
  counts.value = answer.views
}

let countTimer: ReturnType<typeof setTimeout> | null = null
let listTimer: ReturnType<typeof setTimeout> | null = null
/** Many events make one question. */
export function refreshCountsSoon(): void {
  countTimer ??= setTimeout(() => {
    countTimer = null
    loadCounts().catch(() => undefined)
  }, 1500)
}
function refreshListSoon(): void {
  listTimer ??= setTimeout(() => {
    listTimer = null
    void loadList(true)
  }, 1500)
}

/** Lets a changed conversation move into, within or out of the list on screen. */
export function placeConversation(conversation: Conversation): void {
  if (isListLoading.peek()) changedMeanwhile.add(conversation.id)
  if (!isListLoaded.peek()) return
  const { filter, sort, view } = query.peek()
  const belongs = view === 'mentions' ? null : matchesFilter(conversation, filter, myId.peek(), Date.now())
  if (belongs === null) {
    if (!listIds.peek().includes(conversation.id)) refreshListSoon()
    return
  }
  const current = route.peek()
  const kept = current.page === 'inbox' ? current.conversation : null
  listIds.value = placeInList(listIds.peek(), conversation, belongs, (id) => conversations.peek(id), sort, listNext.peek() !== null, kept)
  pruneConversations(listIds.peek())
}

export function toggleSelected(id: Id): void {
  const next = new Set(selected.peek())
  if (!next.delete(id)) next.add(id)
  selected.value = next
}

/** What a command acts on: the ticked rows, else the open conversation, else the row under the cursor. */
export function targets(): Id[] {
  if (selected.value.size) return [...selected.value]
  const current = route.value
  if (current.page !== 'inbox') return []
  const one = current.conversation ?? cursor.value
  return one ? [one] : []
}

export function neighbour(id: Id | null, step: 1 | -1): Id | null {
  const ids = listIds.peek()
  if (!ids.length) return null
  const at = id ? ids.indexOf(id) : -1
  if (at < 0) return ids[step > 0 ? 0 : ids.length - 1] ?? null
  return ids[at + step] ?? null
}
