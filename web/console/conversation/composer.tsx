// Where answers are written: Reply or Note, never to be mistaken for each other. Drafts, files, mentions, emoji, tags, and keys that respect input methods.
import { useSignal } from '@preact/signals'
import { useRef } from 'preact/hooks'
import { Icon } from '../ui/icon'
import { Menu } from '../ui/menu'
import { Button, IconButton, Keys } from '../ui/parts'
import { t } from '../lib/i18n'
import type { Conversation } from '../lib/types'
import { MailComposeOf } from '../mail/compose_entry'
import { KnownAddresses } from '../mail/known_addresses'
import { command, keysOf, leaveConversation, run } from '../state/commands'
import { changeDraft } from '../state/drafts'
import { overlay } from '../state/overlays'
import { can } from '../state/store'
import { addFiles } from '../state/uploads'
import { Collision } from './collision'
import { ComposerField } from './composer_field'
import { ComposerFiles } from './composer_files'
import { adviceOf } from './file_advice'
import { useDesk, type Desk } from './desk'
import { useReach, type Reach } from './reach'
import { Answered, LengthCounter, VisibilityChoice, WindowNote } from './reach_view'
import { lazyPart } from '../ui/lazy'

const EmojiPanel = lazyPart(() => import('./emoji_panel').then((module) => module.EmojiPanel))
const SendLater = lazyPart(() => import('./send_later').then((module) => module.SendLater))

function Tabs({ desk, reach }: { desk: Desk; reach: Reach }) {
  const kind = desk.kind.value
  return (
    <div class="composer-tabs" role="group" aria-label={t('composer.kind')}>
      {(['reply', 'note'] as const).map((one) =>
        can('conversation.' + one) ? (
          <button key={one} type="button" aria-pressed={kind === one} class={`composer-tab composer-tab-${one}`} onClick={() => { changeDraft(desk.id, { kind: one }); desk.focus() }}>
            <Icon name={one} size={16} /> {one === 'reply' ? t('composer.reply') : t('composer.note')}
          </button>
        ) : null,
      )}
      <VisibilityChoice desk={desk} reach={reach} />
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
      {isOpen.value ? <EmojiPanel onPick={(sign) => { close(); desk.insert(sign) }} onClose={() => { close(); desk.focus() }} /> : null}
    </span>
  )
}

function SendButtons({ desk, reach }: { desk: Desk; reach: Reach }) {
  const isNote = desk.kind.value === 'note'
  const isPlanning = useSignal(false)
  const isBlocked = desk.isEmpty.value || desk.isUploading.value || reach.stop.value !== null
  return (
    <span class="composer-send">
      <Button tone="primary" small icon={isNote ? 'note' : 'send'} disabled={isBlocked} onClick={() => desk.send(null)} data-command="send">
        {isNote ? t('composer.add_note') : reach.ways.value?.private && reach.visibility.value === 'public' ? t('composer.send_public') : t('composer.send')}
      </Button>
      {can('conversation.update') ? (
        <Menu
          key={desk.id}
          label={t('composer.more')}
          icon="down"
          class="composer-more"
          items={[
            { label: t('command.send_resolve'), icon: 'check', keys: keysOf(command('send_resolve'))[0] ?? '', disabled: isBlocked, run: () => desk.send('resolve') },
            ...(isNote ? [] : [{ label: t('send_later.title'), icon: 'clock' as const, disabled: isBlocked, run: () => void (isPlanning.value = true) }]),
            { label: t('command.back'), icon: 'back', run: leaveConversation },
            { label: t('command.help'), icon: 'keyboard', run: () => run('help') },
          ]}
        />
      ) : null}
      {isPlanning.value ? <SendLater onPick={(at) => { isPlanning.value = false; desk.send(null, at) }} onClose={() => void (isPlanning.value = false)} /> : null}
    </span>
  )
}

function Foot({ desk, reach }: { desk: Desk; reach: Reach }) {
  const picker = useRef<HTMLInputElement>(null)
  return (
    <div class="composer-foot">
      <IconButton icon="attach" label={t('composer.attach')} onClick={() => picker.current?.click()} />
      <input ref={picker} type="file" multiple hidden tabIndex={-1} aria-label={t('composer.attach')} onChange={(event) => { addFiles(desk.id, event.currentTarget.files ?? [], adviceOf(desk, reach)); event.currentTarget.value = '' }} />
      <Emoji key={desk.id} desk={desk} />
      {desk.kind.value === 'note' ? <IconButton icon="at" label={t('composer.mention')} onClick={() => { desk.insert('@'); desk.look() }} /> : null}
      {desk.kind.value === 'reply' && reach.visibility.value === 'private' && reach.network.value?.able.includes('templates') ? (
        <IconButton icon="template" label={t('template.choose')} onClick={() => void (overlay.value = { kind: 'template', conversation: desk.id })} />
      ) : null}
      <span class="composer-status">{desk.isUploading.value ? t('composer.uploading') : <LengthCounter desk={desk} reach={reach} />}</span>
      <span class="composer-keys" aria-hidden="true"><Keys combo={keysOf(command('send'))[0] ?? 'Mod+Enter'} /></span>
      <SendButtons desk={desk} reach={reach} />
    </div>
  )
}

/** Files may be dropped anywhere on the composer. */
function dropping(desk: Desk, reach: Reach, isOver: { value: boolean }) {
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
      addFiles(desk.id, event.dataTransfer?.files ?? [], adviceOf(desk, reach))
    },
  }
}

export function Composer({ conversation }: { conversation: Conversation }) {
  const desk = useDesk(conversation.id)
  const reach = useReach(desk, conversation)
  const isOver = useSignal(false)
  const isMail = conversation.channel.kind === 'email' && desk.kind.value === 'reply'
  if (!can('conversation.reply') && !can('conversation.note')) return <p class="composer-readonly">{t('composer.readonly')}</p>
  return (
    <section class={`composer composer-${desk.kind.value}${isOver.value ? ' composer-drop' : ''}`} aria-label={t('composer.label')} {...dropping(desk, reach, isOver)}>
      <Collision key={desk.id} conversation={desk.id} />
      <WindowNote key={'w' + desk.id} desk={desk} reach={reach} conversation={conversation} />
      <KnownAddresses conversation={conversation} />
      <div class="composer-box">
        <Tabs desk={desk} reach={reach} />
        <Answered desk={desk} />
        {isMail ? <MailComposeOf desk={desk} conversation={conversation} advice={() => adviceOf(desk, reach)} /> : <ComposerField desk={desk} advice={() => adviceOf(desk, reach)} />}
        <ComposerFiles conversation={desk.id} advice={adviceOf(desk, reach)} />
        <Foot desk={desk} reach={reach} />
      </div>
    </section>
  )
}
