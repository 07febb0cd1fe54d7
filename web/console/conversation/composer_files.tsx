// Files of an answer: those that are up, those on their way, those that could not go.
import { Icon } from '../ui/icon'
import { IconButton, Words } from '../ui/parts'
import { bytes } from '../lib/format'
import { t } from '../lib/i18n'
import type { Attachment, Id } from '../lib/types'
import { changeDraft, draftOf } from '../state/drafts'
import { listedFiles } from '../state/mail_draft'
import { cancelUpload, retryUpload, uploadsOf, type Advice, type Upload } from '../state/uploads'

function Ready({ conversation, file, advice }: { conversation: Id; file: Attachment; advice: Advice }) {
  const against = advice(file)
  const remove = (): void => changeDraft(conversation, { attachments: draftOf(conversation).peek().attachments.filter((other) => other.id !== file.id) })
  return (
    <li class={against ? 'composer-file composer-file-bad' : 'composer-file'}>
      {file.thumbnail_url && file.state === 'ready' ? <img src={file.thumbnail_url} alt="" /> : <Icon name="file" size={16} />}
      <Words text={file.name} class="file-name" />
      <span class="file-size" {...(against ? { role: 'alert' } : {})}>{against ?? bytes(file.size)}</span>
      <IconButton icon="close" size={14} label={t('file.remove', { name: file.name })} onClick={remove} />
    </li>
  )
}

function OnItsWay({ conversation, file }: { conversation: Id; file: Upload }) {
  return (
    <li class={file.error ? 'composer-file composer-file-bad' : 'composer-file'}>
      <Icon name={file.error ? 'alert' : 'file'} size={16} />
      <Words text={file.name} class="file-name" />
      {file.error ? <span class="file-size" role="alert">{file.error}</span> : <progress max={file.size || 1} value={file.sent} aria-label={t('file.progress', { name: file.name })} />}
      {file.error && !file.isRefused ? <IconButton icon="refresh" size={14} label={t('common.retry')} onClick={() => retryUpload(conversation, file.id)} /> : null}
      <IconButton icon="close" size={14} label={t('file.remove', { name: file.name })} onClick={() => cancelUpload(conversation, file.id)} />
    </li>
  )
}

export function ComposerFiles({ conversation, advice }: { conversation: Id; advice: Advice }) {
  const draft = draftOf(conversation).value
  const ready = listedFiles(draft.mail, draft.attachments)
  const uploads = uploadsOf(conversation).value
  if (!ready.length && !uploads.length) return null
  return (
    <ul class="composer-files" aria-label={t('composer.files')}>
      {ready.map((one) => <Ready key={one.id} conversation={conversation} file={one} advice={advice} />)}
      {uploads.map((one) => <OnItsWay key={one.id} conversation={conversation} file={one} />)}
    </ul>
  )
}
