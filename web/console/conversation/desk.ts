// What the parts of one composer share: its draft and kind, its field, what a sign like "@" has begun, and the ways to write and send.
import { computed, signal, type ReadonlySignal, type Signal } from '@preact/signals'
import { useMemo, useRef } from 'preact/hooks'
import type { RefObject } from 'preact'
import type { Id } from '../lib/types'
import type { RichHandle } from '../mail/rich'
import { changeDraft, draftOf, type Draft, type DraftKind } from '../state/drafts'
import { noteStopped } from '../state/presence'
import { lastServerId } from '../state/reducers'
import { can, timelineOf } from '../state/store'
import { sendDraft } from '../state/sending'
import { uploadsOf } from '../state/uploads'
import { replaceTrigger, triggerAt, type Trigger } from './trigger'

export interface Desk {
  id: Id
  draft: Signal<Draft>
  kind: ReadonlySignal<DraftKind>
  isUploading: ReadonlySignal<boolean>
  isEmpty: ReadonlySignal<boolean>
  area: RefObject<HTMLTextAreaElement>
  /** The field of a mail; null where there is none. */
  rich: RefObject<RichHandle>
  trigger: Signal<Trigger | null>
  choice: Signal<number>
  /** Takes what the field now holds; with a caret the field is written to first. */
  write: (value: string, caret?: number) => void
  /** Puts words where the caret is, or where the sign began. */
  insert: (words: string) => void
  look: () => void
  focus: () => void
  send: (then: 'resolve' | null, at?: string) => void
}

/** Only for browsers without `field-sizing`. */
export function fit(element: HTMLTextAreaElement): void {
  if (CSS.supports('field-sizing', 'content')) return
  element.style.blockSize = 'auto'
  element.style.blockSize = element.scrollHeight + 'px'
}

function makeDesk(id: Id, area: Desk['area'], rich: Desk['rich']): Desk {
  const draft = draftOf(id)
  const kind = computed<DraftKind>(() => (draft.value.kind === 'note' && can('conversation.note') ? 'note' : can('conversation.reply') ? 'reply' : 'note'))
  const trigger = signal<Trigger | null>(null)
  const choice = signal(0)
  const write: Desk['write'] = (value, caret) => {
    const element = area.current
    if (element && caret !== undefined) {
      element.value = value
      element.setSelectionRange(caret, caret)
      element.focus()
    }
    const begins = kind.peek() === 'reply' && !draft.peek().reply.trim() && value.trim() !== ''
    changeDraft(id, { [kind.peek()]: value, ...(begins ? { begunAfter: lastServerId(timelineOf(id).ids.peek()) } : {}) })
    if (element) fit(element)
  }
  const focus = (): void => (rich.current ? rich.current.focus() : area.current?.focus())
  return {
    id,
    draft,
    kind,
    isUploading: computed(() => uploadsOf(id).value.some((one) => !one.error)),
    isEmpty: computed(() => !draft.value[kind.value].trim() && !draft.value.attachments.length),
    area,
    rich,
    trigger,
    choice,
    write,
    insert(words) {
      if (rich.current) return rich.current.insert(words)
      const element = area.current
      if (!element) return
      const at = trigger.peek()
      const caret = element.selectionStart
      if (at) {
        const next = replaceTrigger(element.value, caret, at, words)
        write(next.text, next.caret)
      } else write(element.value.slice(0, caret) + words + element.value.slice(element.selectionEnd), caret + words.length)
      trigger.value = null
    },
    look() {
      const element = area.current
      trigger.value = element ? triggerAt(element.value, element.selectionStart) : null
      choice.value = 0
    },
    focus,
    send(then, at) {
      if (uploadsOf(id).peek().some((one) => !one.error) || !sendDraft(id, kind.peek(), then, at ?? null)) return
      trigger.value = null
      noteStopped()
      focus()
    },
  }
}

export function useDesk(id: Id): Desk {
  const area = useRef<HTMLTextAreaElement>(null)
  const rich = useRef<RichHandle>(null)
  return useMemo(() => makeDesk(id, area, rich), [id])
}
