// Click to call: beside a number, over the account's phone; with several, one is chosen.
import { Menu } from '../ui/menu'
import { IconButton } from '../ui/parts'
import { Icon } from '../ui/icon'
import { t } from '../lib/i18n'
import { openConversationId } from '../lib/router'
import type { Id } from '../lib/types'
import { phones, startCall } from '../state/calls'
import { can } from '../state/store'

export function CallButton({ number, contact }: { number: string; contact?: Id }) {
  const all = phones.value
  const [first] = all
  if (!first || !can('conversation.reply') || !/\d{3}/.test(number)) return null
  const talk = openConversationId.value
  const call = (channel: Id): void => void startCall(channel, { number, ...(contact ? { contact_id: contact } : {}), ...(talk ? { conversation_id: talk } : {}) })
  const label = t('call.to', { number })
  if (all.length === 1) return <IconButton icon="phone" size={16} class="call-button" label={label} onClick={() => call(first.id)} />
  return (
    <Menu class="icon-button call-button" label={label} items={all.map((one) => ({ label: t('call.over', { channel: one.name }), run: () => call(one.id) }))}>
      <Icon name="phone" size={16} />
    </Menu>
  )
}
