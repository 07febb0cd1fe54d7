// Where answers are written: Reply or Note, never to be mistaken for each other. Drafts, files, mentions, emoji, tags, and keys that respect input methods.
import { useSignal } from '@preact/signals'
import { useRef } from 'preact/hooks'
import { Icon } from '../ui/icon'
import { Menu } from '../ui/menu'
import { Button, IconButton, Keys } from '../ui/parts'
import { t } from '../lib/i18n'
import type { Conversation } from '../lib/types'
import { command, keysOf, leaveConversation, run } from '../state/commands'
import { changeDraft } from '../state/drafts'
import { can } from '../state/store'
import { addFiles } from '../state/uploads'
import { Collision } from './collision'
import { ComposerField } from './composer_field'
import { ComposerFiles } from './composer_files'
import { useDesk, type Desk } from './desk'
import { EmojiPanel } from './emoji_panel'

function Tabs({ desk }: { desk: Desk }) {
  const kind = desk.kind.value
  return (
    <div class="composer-tabs" role="group" aria-label={t('composer.kind')}>
      {(['reply', 'note'] as const).map((one) =>
        can('conversation.' + one) ? (
          <button key={one} type="button" aria-pressed={kind === one} class={`composer-tab composer-tab-${one}`} onClick={() => { changeDraft(desk.id, { kind: one }); desk.area.current?.focus() }}>
            <Icon name={one} size={16} /> {one === 'reply' ? t('composer.reply') : t('composer.note')}
          </button>
        ) : null,
      )}
      <span class="composer-to">{kind === 'note' ? t('composer.only_team') : null}</span>
    </div>
  )
}

function Emoji({ desk }: { desk: Desk }) {
  const isOpen = useSignal(false)
  const close = (): void => void (isOpen.value = false)
  return (
    <span class="composer-emoji">
      <IconButton icon="smile" label={t('composer.emoji')} aria-expanded={isOpen.value} onClick={() => void (isOpen.value = !isOpen.value)} />
      {isOpen.value ? <EmojiPanel onPick={(sign) => { close(); desk.insert(sign) }} onClose={() => { close(); desk.area.current?.focus() }} /> : null}
    </span>
  )
}

function SendButtons({ desk }: { desk: Desk }) {
  const isNote = desk.kind.value === 'note'
  const isBlocked = desk.isEmpty.value || desk.isUploading.value
  return (
    <span class="composer-send">
      <Button tone="primary" small icon={isNote ? 'note' : 'send'} disabled={isBlocked} onClick={() => desk.send(null)} data-command="send">
        {isNote ? t('composer.add_note') : t('composer.send')}
      </Button>
      {can('conversation.update') ? (
        <Menu
          key={desk.id}
          label={t('composer.more')}
          icon="down"
          class="composer-more"
          items={[
            { label: t('command.send_resolve'), icon: 'check', keys: keysOf(command('send_resolve'))[0] ?? '', disabled: isBlocked, run: () => desk.send('resolve') },
            { label: t('command.back'), icon: 'back', run: leaveConversation },
            { label: t('command.help'), icon: 'keyboard', run: () => run('help') },
          ]}
        />
      ) : null}
    </span>
  )
}

function Foot({ desk }: { desk: Desk }) {
  const picker = useRef<HTMLInputElement>(null)
  return (
    <div class="composer-foot">
      <IconButton icon="attach" label={t('composer.attach')} onClick={() => picker.current?.click()} />
      <input ref={picker} type="file" multiple hidden tabIndex={-1} aria-label={t('composer.attach')} onChange={(event) => { addFiles(desk.id, event.currentTarget.files ?? []); event.currentTarget.value = '' }} />
      <Emoji key={desk.id} desk={desk} />
      {desk.kind.value === 'note' ? <IconButton icon="at" label={t('composer.mention')} onClick={() => { desk.insert('@'); desk.look() }} /> : null}
      <span class="composer-status">{desk.isUploading.value ? t('composer.uploading') : null}</span>
      <span class="composer-keys" aria-hidden="true"><Keys combo={keysOf(command('send'))[0] ?? 'Mod+Enter'} /></span>
      <SendButtons desk={desk} />
    </div>
  )
}

/** Files may be dropped anywhere on the composer. */
function dropping(desk: Desk, isOver: { value: boolean }) {
  return {
    onDragOver(event: DragEvent) {
      if (!event.dataTransfer?.types.includes('Files')) return
      event.preventDefault()
      isOver.value = true
    },
    onDragLeave(event: DragEvent) {
      if (!(event.currentTarget as Element).contains(event.relatedTarget as Node | null)) isOver.value = false
    },
    onDrop(event: DragEvent) {
      event.preventDefault()
      isOver.value = false
      addFiles(desk.id, event.dataTransfer?.files ?? [])
    },
  }
}

export function Composer({ conversation }: { conversation: Conversation }) {
  const desk = useDesk(conversation.id)
  const isOver = useSignal(false)
  if (!can('conversation.reply') && !can('conversation.note')) return <p class="composer-readonly">{t('composer.readonly')}</p>
  return (
    <section class={`composer composer-${desk.kind.value}${isOver.value ? ' composer-drop' : ''}`} aria-label={t('composer.label')} {...dropping(desk, isOver)}>
      <Collision key={desk.id} conversation={desk.id} />
      <div class="composer-box">
        <Tabs desk={desk} />
        <ComposerField desk={desk} />
        <ComposerFiles conversation={desk.id} />
        <Foot desk={desk} />
      </div>
    </section>
  )
}
