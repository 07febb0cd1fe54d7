// One export: what of, how far it is, and what can be done with it.
import { Icon } from '../ui/icon'
import { Chip, Words } from '../ui/parts'
import { bytes, dateTime } from '../lib/format'
import { t } from '../lib/i18n'
import type { Export } from '../lib/types'
import { AskButton } from '../settings/common'
import { complain } from '../state/toasts'
import { deleteExport, isUnderWay } from './state'
import { et } from './words'

function title(one: Export): string {
  if (one.what === 'account') return et('row.account')
  return one.contact_name ? et('row.contact', { name: one.contact_name }) : et('row.contact_gone')
}

/** How far one is that is being made. */
function progress(one: Export): string {
  const { step_done: done, step_total: total } = one
  switch (one.step) {
    case 'messages':
      return et('state.messages', { done, total })
    case 'files':
      return et('state.files', { done, total })
    case 'storing':
      return et('state.storing', { done: bytes(done), total: bytes(total) })
    default:
      return et('state.running', { size: bytes(one.bytes) })
  }
}

function StateChip({ one }: { one: Export }) {
  switch (one.state) {
    case 'queued':
      return <Chip icon="clock">{one.error ? et('state.again') : et('state.queued')}</Chip>
    case 'running':
      return <Chip icon="clock">{progress(one)}</Chip>
    case 'ready':
      return <Chip tone="good" icon="check">{et('state.ready')}</Chip>
    case 'failed':
      return <Chip tone="urgent" icon="alert">{et('state.failed')}</Chip>
  }
}

const held = (one: Export): string =>
  [bytes(one.bytes), et('row.lines', { count: one.lines }), et('row.files', { count: one.files }), et('row.until', { date: dateTime(one.expires_at) })].join(' · ')

/** What has become of it, in words; the state stands beside them. */
export function ExportFacts({ one }: { one: Export }) {
  return (
    <>
      {one.state === 'ready' ? <small>{held(one)}</small> : null}
      {one.error ? <small class="rows-bad"><Words text={one.error} /></small> : null}
      {one.missing_files ? <small class="rows-bad">{et('row.missing', { count: one.missing_files })}</small> : null}
    </>
  )
}

export function ExportRow({ one, isTitled = true, onGone }: { one: Export; isTitled?: boolean; onGone: () => void }) {
  const remove = (): void => void deleteExport(one.id).then(onGone, complain)
  return (
    <li class="rows-row" data-state={one.state}>
      <span class="rows-main">
        {isTitled ? <strong><Words text={title(one)} /></strong> : null}
        {isTitled ? <small>{et('row.by', { name: one.agent_name, time: dateTime(one.created_at) })}</small> : null}
        <ExportFacts one={one} />
      </span>
      <span role="status"><StateChip one={one} /></span>
      {one.state === 'ready' ? <a class="button button-small" href={`/api/v1/exports/${one.id}/file`} download><Icon name="download" size={15} /> {et('row.download')}</a> : null}
      <AskButton label={isUnderWay(one) ? et('row.stop') : t('common.delete')} title={et('delete.title')} text={et('delete.text')} onConfirm={remove} />
    </li>
  )
}
