// Where answers are written: Reply or Note, never to be mistaken for each other. Drafts, files, mentions, emoji, tags, and keys that respect input methods.
import { useComputed, useSignal } from '@preact/signals'
import { useLayoutEffect, useRef } from 'preact/hooks'
import { Icon } from '../ui/icon'
import { Menu } from '../ui/menu'
import { Avatar, Button, IconButton, Keys, Words } from '../ui/parts'
import { bytes } from '../lib/format'
import { t } from '../lib/i18n'
import type { Conversation } from '../lib/types'
import { changeTags } from '../state/changes'
import { command, keysOf, leaveConversation, run } from '../state/commands'
import { changeDraft, draftOf, type DraftKind } from '../state/drafts'
import { focusRequest } from '../state/overlays'
import { noteStopped, noteTyping } from '../state/presence'
import { lastServerId, staleReplies } from '../state/reducers'
import { agents, can, messages, myId, presenceOf, tags, timelineOf } from '../state/store'
import { sendDraft } from '../state/sending'
import { addFiles, cancelUpload, retryUpload, uploadsOf } from '../state/uploads'
import { EmojiPanel } from './emoji_panel'
import { findEmojis } from './emoji'
import { replaceTrigger, triggerAt, type Trigger } from './trigger'

interface Suggestion { key: string; text: string; hint?: string; photo?: string | null; isAgent?: boolean; pick: () => void }
const MAX_SUGGESTIONS = 6

function Files({ conversation }: { conversation: Conversation }) {
  const draft = draftOf(conversation.id).value
  const uploads = uploadsOf(conversation.id).value
  if (!draft.attachments.length && !uploads.length) return null
  return (
    <ul class="composer-files" aria-label={t('composer.files')}>
      {draft.attachments.map((one) => (
        <li key={one.id} class="composer-file">
          {one.thumbnail_url && one.state === 'ready' ? <img src={one.thumbnail_url} alt="" /> : <Icon name="file" size={16} />}
          <Words text={one.name} class="file-name" />
          <span class="file-size">{bytes(one.size)}</span>
          <IconButton icon="close" size={14} label={t('file.remove', { name: one.name })} onClick={() => changeDraft(conversation.id, { attachments: draft.attachments.filter((other) => other.id !== one.id) })} />
        </li>
      ))}
      {uploads.map((one) => (
        <li key={one.id} class={one.error ? 'composer-file composer-file-bad' : 'composer-file'}>
          <Icon name={one.error ? 'alert' : 'file'} size={16} />
          <Words text={one.name} class="file-name" />
          {one.error ? <span class="file-size" role="alert">{one.error}</span> : <progress max={one.size || 1} value={one.sent} aria-label={t('file.progress', { name: one.name })} />}
          {one.error ? <IconButton icon="refresh" size={14} label={t('common.retry')} onClick={() => retryUpload(conversation.id, one.id)} /> : null}
          <IconButton icon="close" size={14} label={t('file.remove', { name: one.name })} onClick={() => cancelUpload(conversation.id, one.id)} />
        </li>
      ))}
    </ul>
  )
}

/** Colleagues who write here now, and answers that came while this one was written. */
function Collision({ conversation }: { conversation: Conversation }) {
  const draft = draftOf(conversation.id).value
  const typists = presenceOf(conversation.id).value.agents.filter((one) => one.is_typing || one.state === 'typing').flatMap((one) => agents.value.find((agent) => agent.id === one.agent_id)?.name ?? [])
  const shown = timelineOf(conversation.id).ids.value.flatMap((id) => messages.get(id) ?? [])
  const stale = draft.reply.trim() ? staleReplies(shown, draft.begunAfter, myId.value) : []
  if (stale.length) {
    return (
      <div class="composer-warning" role="alert">
        <Icon name="alert" size={16} /> {t('composer.stale', { name: stale[stale.length - 1]?.author.name ?? '', count: stale.length })}
        <button type="button" class="link-button" onClick={() => changeDraft(conversation.id, { begunAfter: lastServerId(timelineOf(conversation.id).ids.peek()) })}>{t('composer.stale_seen')}</button>
      </div>
    )
  }
  return typists.length ? <div class="composer-hint" role="status">{t('composer.typing', { names: typists.join(', '), count: typists.length })}</div> : null
}

export function Composer({ conversation }: { conversation: Conversation }) {
  const id = conversation.id
  const draft = draftOf(id)
  const kind = useComputed<DraftKind>(() => (draft.value.kind === 'note' && can('conversation.note') ? 'note' : can('conversation.reply') ? 'reply' : 'note'))
  const area = useRef<HTMLTextAreaElement>(null)
  const picker = useRef<HTMLInputElement>(null)
  const trigger = useSignal<Trigger | null>(null)
  const choice = useSignal(0)
  const isEmojiOpen = useSignal(false)
  const isDropping = useSignal(false)
  const text = kind.value === 'note' ? draft.value.note : draft.value.reply

  // The field is written to by hand only when the draft changed elsewhere: typing must not wait for a render.
  useLayoutEffect(() => {
    const element = area.current
    if (element && element.value !== text) {
      element.value = text
      fit(element)
    }
  }, [text, kind.value])
  const asked = focusRequest.value
  useLayoutEffect(() => {
    if (asked?.part !== 'composer' || Date.now() - asked.at > 1000) return
    const element = area.current
    element?.focus()
    element?.setSelectionRange(element.value.length, element.value.length)
  }, [asked])

  if (!can('conversation.reply') && !can('conversation.note')) return <p class="composer-readonly">{t('composer.readonly')}</p>

  const write = (value: string, caret?: number): void => {
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
  const insert = (words: string): void => {
    const element = area.current
    if (!element) return
    const at = trigger.peek()
    const caret = element.selectionStart
    if (at) {
      const next = replaceTrigger(element.value, caret, at, words)
      write(next.text, next.caret)
    } else write(element.value.slice(0, caret) + words + element.value.slice(element.selectionEnd), caret + words.length)
    trigger.value = null
  }
  const send = (then: 'resolve' | null): void => {
    if (uploadsOf(id).peek().some((one) => !one.error)) return
    if (sendDraft(id, kind.peek(), then)) {
      trigger.value = null
      noteStopped()
      area.current?.focus()
    }
  }

  const suggestions = suggest(trigger.value, kind.value, {
    mention: (agent) => {
      insert('@' + agent.name + ' ')
      changeDraft(id, { mentions: [...new Set([...draft.peek().mentions, agent.id])] })
    },
    emoji: (sign) => insert(sign),
    tag: (name) => {
      insert('')
      void changeTags([id], { add_tags: [name] })
    },
  })
  const chosen = Math.min(choice.value, suggestions.length - 1)

  const onKey = (event: KeyboardEvent): void => {
    // 229 and isComposing: an input method is at work, Enter belongs to it.
    if (event.isComposing || event.keyCode === 229) return
    if (suggestions.length) {
      if (event.key === 'ArrowDown' || event.key === 'ArrowUp') {
        event.preventDefault()
        choice.value = (chosen + (event.key === 'ArrowDown' ? 1 : suggestions.length - 1)) % suggestions.length
        return
      }
      if ((event.key === 'Enter' && !event.ctrlKey && !event.metaKey) || event.key === 'Tab') {
        event.preventDefault()
        suggestions[chosen]?.pick()
        return
      }
      if (event.key === 'Escape') {
        event.preventDefault()
        trigger.value = null
        return
      }
    }
    if (event.key === 'Escape') {
      event.preventDefault()
      area.current?.blur()
      focusRequest.value = { part: 'list', at: Date.now() }
    }
  }
  const onInput = (event: { currentTarget: HTMLTextAreaElement }): void => {
    const element = event.currentTarget
    write(element.value)
    trigger.value = triggerAt(element.value, element.selectionStart)
    choice.value = 0
    if (kind.peek() === 'reply') noteTyping()
  }
  const isNote = kind.value === 'note'
  const isUploading = uploadsOf(id).value.some((one) => !one.error)
  const isEmpty = !text.trim() && !draft.value.attachments.length
  return (
    <section
      class={`composer composer-${kind.value}${isDropping.value ? ' composer-drop' : ''}`}
      aria-label={t('composer.label')}
      onDragOver={(event) => {
        if (!event.dataTransfer?.types.includes('Files')) return
        event.preventDefault()
        isDropping.value = true
      }}
      onDragLeave={(event) => {
        if (!event.currentTarget.contains(event.relatedTarget as Node | null)) isDropping.value = false
      }}
      onDrop={(event) => {
        event.preventDefault()
        isDropping.value = false
        addFiles(id, event.dataTransfer?.files ?? [])
      }}
    >
      <Collision conversation={conversation} />
      <div class="composer-box">
        <div class="composer-tabs" role="group" aria-label={t('composer.kind')}>
          {(['reply', 'note'] as const).map((one) =>
            can('conversation.' + one) ? (
              <button key={one} type="button" aria-pressed={kind.value === one} class={`composer-tab composer-tab-${one}`} onClick={() => { changeDraft(id, { kind: one }); area.current?.focus() }}>
                <Icon name={one} size={16} /> {one === 'reply' ? t('composer.reply') : t('composer.note')}
              </button>
            ) : null,
          )}
          <span class="composer-to">{isNote ? t('composer.only_team') : null}</span>
        </div>
        <textarea
          ref={area}
          dir="auto"
          rows={2}
          maxLength={20_000}
          aria-label={isNote ? t('composer.write_note') : t('composer.write_reply')}
          placeholder={isNote ? t('composer.note_hint') : t('composer.reply_hint')}
          aria-autocomplete="list"
          aria-controls={suggestions.length ? 'composer-suggestions' : undefined}
          aria-activedescendant={suggestions.length ? 'suggestion-' + chosen : undefined}
          onInput={onInput}
          onKeyDown={onKey}
          onBlur={() => {
            noteStopped()
            setTimeout(() => void (trigger.value = null), 150)
          }}
          onPaste={(event) => {
            const files = event.clipboardData?.files
            if (files?.length) {
              event.preventDefault()
              addFiles(id, files)
            }
          }}
        />
        {suggestions.length ? (
          <ul class="suggestions" id="composer-suggestions" role="listbox" aria-label={t('composer.suggestions')}>
            {suggestions.map((one, at) => (
              <li key={one.key} id={'suggestion-' + at} role="option" aria-selected={at === chosen} onPointerDown={(event) => { event.preventDefault(); one.pick() }}>
                {one.isAgent ? <Avatar name={one.text} photo={one.photo ?? null} size={20} /> : null}
                <Words text={one.text} /> {one.hint ? <small>{one.hint}</small> : null}
              </li>
            ))}
          </ul>
        ) : null}
        <Files conversation={conversation} />
        <div class="composer-foot">
          <IconButton icon="attach" label={t('composer.attach')} onClick={() => picker.current?.click()} />
          <input ref={picker} type="file" multiple hidden tabIndex={-1} aria-label={t('composer.attach')} onChange={(event) => { addFiles(id, event.currentTarget.files ?? []); event.currentTarget.value = '' }} />
          <span class="composer-emoji">
            <IconButton icon="smile" label={t('composer.emoji')} aria-expanded={isEmojiOpen.value} onClick={() => void (isEmojiOpen.value = !isEmojiOpen.value)} />
            {isEmojiOpen.value ? <EmojiPanel onPick={(sign) => { isEmojiOpen.value = false; insert(sign) }} onClose={() => { isEmojiOpen.value = false; area.current?.focus() }} /> : null}
          </span>
          {isNote ? <IconButton icon="at" label={t('composer.mention')} onClick={() => { insert('@'); const element = area.current; if (element) trigger.value = triggerAt(element.value, element.selectionStart) }} /> : null}
          <span class="composer-status">{isUploading ? t('composer.uploading') : null}</span>
          <span class="composer-keys" aria-hidden="true"><Keys combo={keysOf(command('send'))[0] ?? 'Mod+Enter'} /></span>
          <span class="composer-send">
            <Button tone="primary" small icon={isNote ? 'note' : 'send'} disabled={isEmpty || isUploading} onClick={() => send(null)} data-command="send">
              {isNote ? t('composer.add_note') : t('composer.send')}
            </Button>
            {can('conversation.update') ? (
              <Menu label={t('composer.more')} icon="down" class="composer-more" items={[{ label: t('command.send_resolve'), icon: 'check', keys: keysOf(command('send_resolve'))[0] ?? '', disabled: isEmpty || isUploading, run: () => send('resolve') }, { label: t('command.back'), icon: 'back', run: leaveConversation }, { label: t('command.help'), icon: 'keyboard', run: () => run('help') }]} />
            ) : null}
          </span>
        </div>
      </div>
    </section>
  )
}

function fit(element: HTMLTextAreaElement): void {
  if (CSS.supports('field-sizing', 'content')) return
  element.style.blockSize = 'auto'
  element.style.blockSize = element.scrollHeight + 'px'
}

interface Picks { mention: (agent: { id: string; name: string }) => void; emoji: (sign: string) => void; tag: (name: string) => void }
function suggest(trigger: Trigger | null, kind: DraftKind, pick: Picks): Suggestion[] {
  if (!trigger) return []
  const wanted = trigger.query.toLocaleLowerCase()
  switch (trigger.sign) {
    case '@':
      if (kind !== 'note') return []
      return agents.value
        .filter((one) => one.is_active && one.id !== myId.value && one.name.toLocaleLowerCase().includes(wanted))
        .slice(0, MAX_SUGGESTIONS)
        .map((one) => ({ key: one.id, text: one.name, photo: one.photo_url, isAgent: true, pick: () => pick.mention(one) }))
    case ':':
      return findEmojis(wanted, MAX_SUGGESTIONS).map((one) => ({ key: one.sign, text: one.sign, hint: one.words, pick: () => pick.emoji(one.sign) }))
    case '#': {
      if (!can('conversation.update')) return []
      const known = tags.value.filter((one) => one.name.toLocaleLowerCase().includes(wanted)).slice(0, MAX_SUGGESTIONS)
      return known.map((one) => ({ key: one.id, text: '#' + one.name, pick: () => pick.tag(one.name) }))
    }
  }
}
