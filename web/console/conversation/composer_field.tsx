// The field of the composer with what "@", ":" and "#" offer. Typing changes the draft and draws nothing anew but what it changes.
import { computed, effect, type ReadonlySignal } from '@preact/signals'
import { useEffect, useLayoutEffect, useMemo } from 'preact/hooks'
import { Avatar, Words } from '../ui/parts'
import { t } from '../lib/i18n'
import { changeTags } from '../state/changes'
import { catchUp, changeDraft } from '../state/drafts'
import { focusRequest, requestFocus, takeFocus } from '../state/overlays'
import { noteStopped, noteTyping } from '../state/presence'
import { agents, can, myId, tags } from '../state/store'
import { addFiles, type Advice } from '../state/uploads'
import { fit, type Desk } from './desk'
import { findEmojis } from './emoji'

interface Suggestion { key: string; text: string; hint?: string; photo?: string | null; isAgent?: boolean; pick: () => void }
const MAX_SUGGESTIONS = 6

function suggest(desk: Desk): Suggestion[] {
  const trigger = desk.trigger.value
  if (!trigger) return []
  const wanted = trigger.query.toLocaleLowerCase()
  switch (trigger.sign) {
    case '@':
      if (desk.kind.value !== 'note') return []
      return agents.value
        .filter((one) => one.is_active && one.id !== myId.value && one.name.toLocaleLowerCase().includes(wanted))
        .slice(0, MAX_SUGGESTIONS)
        .map((one) => ({ key: one.id, text: one.name, photo: one.photo_url, isAgent: true, pick: () => mention(desk, one) }))
    case ':':
      return findEmojis(wanted, MAX_SUGGESTIONS).map((one) => ({ key: one.sign, text: one.sign, hint: one.words, pick: () => desk.insert(one.sign) }))
    case '#': {
      if (!can('conversation.update')) return []
      const known = tags.value.filter((one) => one.name.toLocaleLowerCase().includes(wanted)).slice(0, MAX_SUGGESTIONS)
      return known.map((one) => ({ key: one.id, text: '#' + one.name, pick: () => tag(desk, one.name) }))
    }
  }
}
function mention(desk: Desk, agent: { id: string; name: string }): void {
  desk.insert('@' + agent.name + ' ')
  changeDraft(desk.id, { mentions: [...new Set([...desk.draft.peek().mentions, agent.id])] })
}
function tag(desk: Desk, name: string): void {
  desk.insert('')
  void changeTags([desk.id], { add_tags: [name] })
}

/** Keys that belong to the suggestions while they stand; true when one was taken. */
function steerSuggestions(event: KeyboardEvent, desk: Desk, shown: readonly Suggestion[]): boolean {
  const chosen = Math.min(desk.choice.peek(), shown.length - 1)
  if (event.key === 'ArrowDown' || event.key === 'ArrowUp') desk.choice.value = (chosen + (event.key === 'ArrowDown' ? 1 : shown.length - 1)) % shown.length
  else if ((event.key === 'Enter' && !event.ctrlKey && !event.metaKey) || event.key === 'Tab') shown[chosen]?.pick()
  else if (event.key === 'Escape') desk.trigger.value = null
  else return false
  event.preventDefault()
  return true
}

function onKey(event: KeyboardEvent, desk: Desk, shown: readonly Suggestion[]): void {
  // 229 and isComposing: an input method is at work, Enter belongs to it.
  if (event.isComposing || event.keyCode === 229) return
  if (shown.length && steerSuggestions(event, desk, shown)) return
  if (event.key !== 'Escape') return
  event.preventDefault()
  desk.area.current?.blur()
  requestFocus('list')
}

function Suggestions({ shown, desk }: { shown: ReadonlySignal<Suggestion[]>; desk: Desk }) {
  if (!shown.value.length) return null
  const chosen = Math.min(desk.choice.value, shown.value.length - 1)
  return (
    <ul class="suggestions" id="composer-suggestions" role="listbox" aria-label={t('composer.suggestions')}>
      {shown.value.map((one, at) => (
        <li key={one.key} id={'suggestion-' + at} role="option" aria-selected={at === chosen} onPointerDown={(event) => { event.preventDefault(); one.pick() }}>
          {one.isAgent ? <Avatar name={one.text} photo={one.photo ?? null} size={20} /> : null}
          <Words text={one.text} /> {one.hint ? <small>{one.hint}</small> : null}
        </li>
      ))}
    </ul>
  )
}

/** The field is written to by hand, and only when the draft changed elsewhere: typing must not wait for a render. */
function useDraftInField(desk: Desk): void {
  useEffect(
    () =>
      effect(() => {
        const text = desk.draft.value[desk.kind.value]
        const element = desk.area.current
        if (!element || element.value === text) return
        element.value = text
        fit(element)
      }),
    [desk],
  )
  const asked = focusRequest.value
  useLayoutEffect(() => {
    const element = desk.area.current
    if (!element) return
    element.value = desk.draft.peek()[desk.kind.peek()]
    if (!takeFocus(asked, 'composer', desk.id)) return
    element.focus()
    element.setSelectionRange(element.value.length, element.value.length)
  }, [asked, desk])
}

export function ComposerField({ desk, advice }: { desk: Desk; advice: () => Advice }) {
  const shown = useMemo(() => computed(() => suggest(desk)), [desk])
  const isOffering = useMemo(() => computed(() => shown.value.length > 0), [shown]).value
  useDraftInField(desk)
  const isNote = desk.kind.value === 'note'
  return (
    <>
      <textarea
        // A field of its own for each conversation: taking back what was typed must not bring up what was written to somebody else.
        key={desk.id}
        ref={desk.area}
        data-draft={desk.id}
        dir="auto"
        rows={2}
        maxLength={20_000}
        aria-label={isNote ? t('composer.write_note') : t('composer.write_reply')}
        placeholder={isNote ? t('composer.note_hint') : t('composer.reply_hint')}
        aria-autocomplete="list"
        aria-controls={isOffering ? 'composer-suggestions' : undefined}
        aria-activedescendant={isOffering ? 'suggestion-' + Math.min(desk.choice.value, shown.value.length - 1) : undefined}
        onInput={(event) => {
          desk.write(event.currentTarget.value)
          desk.look()
          if (desk.kind.peek() === 'reply') noteTyping()
        }}
        onKeyDown={(event) => onKey(event, desk, shown.peek())}
        onBlur={() => {
          noteStopped()
          desk.trigger.value = null
          catchUp(desk.id)
        }}
        onPaste={(event) => {
          const files = event.clipboardData?.files
          if (!files?.length) return
          event.preventDefault()
          addFiles(desk.id, files, advice())
        }}
      />
      <Suggestions shown={shown} desk={desk} />
    </>
  )
}
