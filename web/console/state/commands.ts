// The one registry of what an agent can do: buttons, keys, palette and the shortcuts sheet all read it.
import { computed } from '@preact/signals'
import { comboOf, ChordReader, isSingleKey } from '../lib/keys'
import type { PlainKey } from '../lib/i18n'
import { t } from '../lib/i18n'
import { go, inboxPath, openConversationId, page } from '../lib/router'
import type { IconName } from '../ui/icon'
import { changeConversations, markUnread } from './changes'
import { hasCalls } from './calls'
import { changeDraft, draftOf } from './drafts'
import { builtinViews, currentView, cursor, customViews, listIds, neighbour, query, selected, targets, toggleSelected, viewKey } from './lists'
import { changeLook, isOverlayContextOpen, isOverlayViewsOpen, look, size } from './look'
import { awaitedComposer, closeOverlay, overlay, requestFocus, type Overlay } from './overlays'
import { changeMe, changeSettings, cycleTheme, setAppearance, signOut } from './session'
import { can, conversations, me, myId, mySettings } from './store'
import { complain, toast } from './toasts'
import { settleShown, walkTo } from './shown'
import { undoLast } from './undo'
import { sendDraft } from './sending'
import { loadList } from './lists'

export type CommandGroup = 'go' | 'list' | 'conversation' | 'compose' | 'look' | 'self'
export interface Command {
  id: string
  title: PlainKey
  group: CommandGroup
  icon: IconName
  /** Combinations, the first is shown: "e", "Shift+E", "Mod+K", "g i". */
  keys?: readonly string[]
  /** Also works while somebody types (only combinations that write no text). */
  inInputs?: boolean
  when?: () => boolean
  run: () => void | Promise<unknown>
}

const inInbox = (): boolean => page.value === 'inbox'
const openId = (): string | null => openConversationId.value
const hasTarget = (): boolean => inInbox() && targets().length > 0
const may = (capability: string) => (): boolean => hasTarget() && can(capability)
const currentKey = (): string => viewKey(currentView.peek())

export function openConversationRow(id: string | null): void {
  if (!id) return
  cursor.value = id
  go(inboxPath(currentKey(), id))
}
function moveCursor(step: 1 | -1): void {
  const at = openId() ?? cursor.peek()
  const next = neighbour(at, step)
  if (!next) return
  if (openId()) walkTo(inboxPath(currentKey(), next))
  else cursor.value = next
}
export function leaveConversation(): void {
  if (openId()) {
    cursor.value = openId()
    go(inboxPath(currentKey()))
    requestFocus('list')
  } else if (selected.peek().size) selected.value = new Set()
}
function pick(what: Extract<Overlay, { kind: 'pick' }>['what']): void {
  overlay.value = { kind: 'pick', what, ids: targets() }
}
function compose(kind: 'reply' | 'note'): void {
  const id = openId() ?? cursor.peek()
  if (!id) return
  if (!openId()) openConversationRow(id)
  changeDraft(id, { kind })
  requestFocus('composer', id)
}
async function resolveAndNext(): Promise<void> {
  const ids = targets()
  const last = ids[ids.length - 1] ?? null
  const next = neighbour(last, 1) ?? neighbour(last, -1)
  await Promise.all([changeConversations(ids, { status: 'resolved', outcome: 'solved' }), next && openId() ? openConversationRow(next) : undefined])
}
const hasOpenTarget = (): boolean => targets().some((id) => conversations.get(id)?.status !== 'resolved')
function send(then: 'resolve' | null): void {
  const id = openId()
  if (id) sendDraft(id, draftOf(id).peek().kind, then)
}

const COMMANDS: readonly Command[] = [
  { id: 'go.all', title: 'command.go_all', group: 'go', icon: 'inbox', keys: ['g i'], run: () => go(inboxPath('all')) },
  { id: 'go.mine', title: 'command.go_mine', group: 'go', icon: 'inbox', keys: ['g m'], run: () => go(inboxPath('mine')) },
  { id: 'go.unassigned', title: 'command.go_unassigned', group: 'go', icon: 'inbox', keys: ['g u'], run: () => go(inboxPath('unassigned')) },
  { id: 'go.mentions', title: 'command.go_mentions', group: 'go', icon: 'at', keys: ['g n'], run: () => go(inboxPath('mentions')) },
  { id: 'go.snoozed', title: 'command.go_snoozed', group: 'go', icon: 'clock', keys: ['g h'], run: () => go(inboxPath('snoozed')) },
  { id: 'go.resolved', title: 'command.go_resolved', group: 'go', icon: 'check', keys: ['g e'], run: () => go(inboxPath('resolved')) },
  { id: 'go.contacts', title: 'command.go_contacts', group: 'go', icon: 'contacts', keys: ['g c'], when: () => can('contact.read'), run: () => go('/contacts') },
  { id: 'go.calls', title: 'command.go_calls', group: 'go', icon: 'phone', keys: ['g p'], when: () => hasCalls.value, run: () => go('/calls') },
  { id: 'go.search', title: 'command.go_search', group: 'go', icon: 'search', keys: ['g f'], run: () => go('/search') },
  { id: 'go.settings', title: 'command.go_settings', group: 'go', icon: 'settings', keys: ['g s'], run: () => go('/settings/profile') },
  { id: 'go.guide', title: 'command.go_guide', group: 'go', icon: 'compass', keys: ['g g'], when: () => can('channel.manage'), run: () => go('/guide') },
  { id: 'palette', title: 'command.palette', group: 'go', icon: 'search', keys: ['Mod+K'], inInputs: true, run: () => void (overlay.value = { kind: 'palette' }) },
  { id: 'help', title: 'command.help', group: 'go', icon: 'keyboard', keys: ['?'], run: () => void (overlay.value = { kind: 'sheet' }) },
  { id: 'notices', title: 'command.notices', group: 'go', icon: 'bell', keys: ['g b'], run: () => void (overlay.value = { kind: 'notices' }) },

  { id: 'list.next', title: 'command.next', group: 'list', icon: 'down', keys: ['j', 'ArrowDown'], when: inInbox, run: () => moveCursor(1) },
  { id: 'list.previous', title: 'command.previous', group: 'list', icon: 'up', keys: ['k', 'ArrowUp'], when: inInbox, run: () => moveCursor(-1) },
  { id: 'list.open', title: 'command.open', group: 'list', icon: 'forward', keys: ['Enter', 'o'], when: () => inInbox() && !openId() && cursor.value !== null, run: () => openConversationRow(cursor.peek()) },
  { id: 'list.back', title: 'command.back', group: 'list', icon: 'back', keys: ['u', 'Escape'], when: () => inInbox() && (openId() !== null || selected.value.size > 0), run: leaveConversation },
  { id: 'list.search', title: 'command.search', group: 'list', icon: 'search', keys: ['/'], run: () => { if (!inInbox() && page.peek() !== 'contacts') go(inboxPath('all')); requestFocus('search') } },
  { id: 'list.select', title: 'command.select', group: 'list', icon: 'check', keys: ['x'], when: () => inInbox() && (cursor.value ?? openId()) !== null, run: () => toggleSelected((openId() ?? cursor.peek()) as string) },
  { id: 'list.select_all', title: 'command.select_all', group: 'list', icon: 'check', keys: ['Shift+X'], when: inInbox, run: () => void (selected.value = new Set(listIds.peek().slice(0, 500))) },
  { id: 'list.refresh', title: 'command.refresh', group: 'list', icon: 'refresh', keys: ['g r'], when: inInbox, run: () => loadList(true, listIds.peek().length) },
  { id: 'list.save_view', title: 'command.save_view', group: 'list', icon: 'views', when: () => inInbox() && query.value !== null, run: () => void (overlay.value = { kind: 'saveView' }) },

  { id: 'reply', title: 'command.reply', group: 'conversation', icon: 'reply', keys: ['r'], when: may('conversation.reply'), run: () => compose('reply') },
  { id: 'note', title: 'command.note', group: 'conversation', icon: 'note', keys: ['n'], when: may('conversation.note'), run: () => compose('note') },
  { id: 'resolve', title: 'command.resolve', group: 'conversation', icon: 'check', keys: ['e'], when: () => may('conversation.update')() && hasOpenTarget(), run: () => changeConversations(targets(), { status: 'resolved', outcome: 'solved' }) },
  { id: 'resolve_next', title: 'command.resolve_next', group: 'conversation', icon: 'check', keys: ['Shift+E'], when: () => may('conversation.update')() && hasOpenTarget(), run: resolveAndNext },
  { id: 'resolve_as', title: 'command.resolve_as', group: 'conversation', icon: 'check', keys: ['Shift+O'], when: () => may('conversation.update')() && hasOpenTarget(), run: () => pick('resolve') },
  { id: 'reopen', title: 'command.reopen', group: 'conversation', icon: 'undo', keys: ['Shift+R'], when: () => may('conversation.update')() && targets().some((id) => conversations.get(id)?.status !== 'open'), run: () => changeConversations(targets(), { status: 'open' }) },
  { id: 'pending', title: 'command.pending', group: 'conversation', icon: 'pause', keys: ['Shift+P'], when: () => may('conversation.update')() && targets().some((id) => conversations.get(id)?.status !== 'pending'), run: () => changeConversations(targets(), { status: 'pending' }) },
  { id: 'snooze', title: 'command.snooze', group: 'conversation', icon: 'clock', keys: ['h'], when: may('conversation.update'), run: () => pick('snooze') },
  { id: 'assign', title: 'command.assign', group: 'conversation', icon: 'assign', keys: ['a'], when: may('conversation.assign'), run: () => pick('assign') },
  { id: 'assign_me', title: 'command.assign_me', group: 'conversation', icon: 'contacts', keys: ['i'], when: () => may('conversation.assign')() && targets().some((id) => conversations.get(id)?.assignee_id !== myId.value), run: () => changeConversations(targets(), { assignee_id: myId.peek() }) },
  { id: 'move', title: 'command.move', group: 'conversation', icon: 'move', keys: ['Shift+M'], when: () => may('conversation.reply')() && openId() !== null, run: () => { const id = openId(); if (id) overlay.value = { kind: 'move', conversation: id } } },
  { id: 'tag', title: 'command.tag', group: 'conversation', icon: 'tag', keys: ['t'], when: may('conversation.update'), run: () => pick('tag') },
  { id: 'priority', title: 'command.priority', group: 'conversation', icon: 'flag', keys: ['p'], when: may('conversation.update'), run: () => pick('priority') },
  { id: 'unread', title: 'command.unread', group: 'conversation', icon: 'unread', keys: ['Shift+U'], when: hasTarget, run: () => { for (const id of targets()) void markUnread(id); if (openId()) leaveConversation() } },
  { id: 'undo', title: 'command.undo', group: 'conversation', icon: 'undo', keys: ['z'], run: async () => { if (!(await undoLast())) toast(t('done.nothing_to_undo')) } },

  { id: 'send', title: 'command.send', group: 'compose', icon: 'send', keys: ['Mod+Enter'], inInputs: true, when: () => openId() !== null, run: () => send(null) },
  { id: 'send_resolve', title: 'command.send_resolve', group: 'compose', icon: 'send', keys: ['Mod+Shift+Enter'], inInputs: true, when: () => openId() !== null && can('conversation.update'), run: () => send('resolve') },

  { id: 'look.context', title: 'command.context', group: 'look', icon: 'panel', keys: [']'], when: () => openId() !== null, run: () => { if (size.peek() === 'wide') changeLook({ isContextOpen: !look.peek().isContextOpen }); else isOverlayContextOpen.value = !isOverlayContextOpen.peek() } },
  { id: 'look.views', title: 'command.views', group: 'look', icon: 'views', keys: ['['], when: inInbox, run: () => { if (size.peek() === 'wide') changeLook({ isViewsOpen: !look.peek().isViewsOpen }); else isOverlayViewsOpen.value = !isOverlayViewsOpen.peek() } },
  { id: 'look.theme', title: 'command.theme', group: 'look', icon: 'moon', keys: ['g t'], run: cycleTheme },
  { id: 'look.density', title: 'command.density', group: 'look', icon: 'list', keys: ['g d'], run: () => setAppearance({ density: look.peek().density === 'compact' ? 'comfortable' : 'compact' }) },
  { id: 'look.contrast', title: 'command.contrast', group: 'look', icon: 'contrast', run: () => setAppearance({ contrast: look.peek().contrast === 'high' ? 'normal' : 'high' }) },

  { id: 'self.availability', title: 'command.availability', group: 'self', icon: 'contacts', keys: ['g a'], run: () => changeMe({ availability: me.peek()?.availability === 'away' ? 'online' : 'away' }).catch(complain) },
  { id: 'self.single_keys', title: 'command.single_keys', group: 'self', icon: 'keyboard', run: () => changeSettings({ single_keys: mySettings.peek().single_keys === false }) },
  { id: 'self.sign_out', title: 'command.sign_out', group: 'self', icon: 'outside', run: signOut },
]

const byId = new Map(COMMANDS.map((one) => [one.id, one]))
export const commands = (): readonly Command[] => COMMANDS
export function command(id: string): Command {
  const found = byId.get(id)
  if (!found) throw new Error('no such command: ' + id)
  return found
}
/** Each answer is a value of its own: a button is drawn anew when it changes, not whenever another conversation is open. */
const enabled = new Map(COMMANDS.map((one) => [one.id, computed(() => one.when?.() ?? true)]))
export const isEnabled = (one: Command): boolean => enabled.get(one.id)?.value ?? true
export function run(id: string): void {
  const one = command(id)
  if (isEnabled(one)) Promise.resolve(one.run()).catch(complain)
}

/** The keys of a command after the agent's own choices; an empty choice unbinds. */
export function keysOf(one: Command): readonly string[] {
  const own = mySettings.value.keys?.[one.id]
  return own === undefined ? (one.keys ?? []) : own ? [own] : []
}

const bindings = computed(() => {
  const map = new Map<string, string>()
  for (const one of COMMANDS) for (const keys of keysOf(one)) if (!map.has(keys)) map.set(keys, one.id)
  return map
})

/** Each view of the agent's own as a palette entry. */
export const viewEntries = computed(() => [...builtinViews.value, ...customViews.value].map((view) => ({ view, run: () => go(inboxPath(viewKey(view))) })))

const chords = new ChordReader()

function isTyping(target: EventTarget | null): boolean {
  const element = target instanceof Element ? target : null
  return element !== null && (element.closest('input:not([type=checkbox]):not([type=radio]), textarea, select, [contenteditable=true], [role=menu], [role=listbox]') !== null)
}
/** Enter and Space belong to a focused button or link, not to the list. */
function isActivating(event: KeyboardEvent): boolean {
  return (event.key === 'Enter' || event.key === ' ') && event.target instanceof Element && event.target.closest('button, a[href], summary, input, [role=tab], [role=option]') !== null
}

/** What is typed right after "r" while the conversation still loads belongs into its answer and is no command. */
function writeAhead(event: KeyboardEvent, combo: string, typing: boolean): boolean {
  const id = awaitedComposer()
  if (!id || typing || !isSingleKey(combo) || event.key.length !== 1) return false
  event.preventDefault()
  const draft = draftOf(id).peek()
  changeDraft(id, { [draft.kind]: draft[draft.kind] + event.key })
  return true
}

const STEPS: ReadonlySet<string> = new Set(['list.next', 'list.previous'])

export function handleKey(event: KeyboardEvent): void {
  if (event.isComposing || event.keyCode === 229 || event.defaultPrevented) return
  const combo = comboOf(event)
  if (!combo) return
  if (overlay.peek()) {
    if (combo === 'Mod+K') {
      event.preventDefault()
      closeOverlay()
    }
    return
  }
  const typing = isTyping(event.target)
  if (writeAhead(event, combo, typing) || isActivating(event)) return
  if (typing && (isSingleKey(combo) || combo === 'Escape')) return
  if (!typing && isSingleKey(combo) && mySettings.peek().single_keys === false && !combo.startsWith('Arrow') && combo !== 'Enter') return
  const result = chords.press(combo, bindings.peek(), event.timeStamp)
  if (result.kind === 'none') return
  if (result.kind === 'wait') {
    event.preventDefault()
    return
  }
  const found = command(result.id)
  if ((typing && !found.inInputs) || !isEnabled(found)) return
  event.preventDefault()
  if (!STEPS.has(found.id)) settleShown()
  Promise.resolve(found.run()).catch(complain)
}

export function startKeys(): void {
  addEventListener('keydown', handleKey)
}
