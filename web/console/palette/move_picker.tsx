// Going on elsewhere: in private on the same network, on another channel that the customer has used, or at an address given here.
import { useSignal } from '@preact/signals'
import { Button, Dialog, Field, Words } from '../ui/parts'
import { ChannelSign } from '../ui/network'
import { post } from '../lib/api'
import { t } from '../lib/i18n'
import { nt } from '../lib/network_words'
import { uuid } from '../lib/ids'
import { isNetwork } from '../lib/network_types'
import type { Channel, Contact, ConversationFull, Id } from '../lib/types'
import { changeDraft } from '../state/drafts'
import { placeConversation } from '../state/lists'
import { channelOf, networkOf } from '../state/networks'
import { closeOverlay, overlay, requestFocus } from '../state/overlays'
import { channels, contacts, conversations, putConversation, waysOf } from '../state/store'
import { openConversation } from '../state/timeline'
import { complain, errorText, toast } from '../state/toasts'
import { Chooser, type Choice } from './chooser'

const BY_PHONE: ReadonlySet<string> = new Set(['sms', 'voice', 'whatsapp', 'viber'])

async function move(conversation: Id, channel: Channel, address?: string): Promise<void> {
  const next = await post<ConversationFull>(`/conversations/${conversation}/move`, { channel_id: channel.id, ...(address ? { address } : {}) }, uuid())
  placeConversation(putConversation(next))
  await openConversation(conversation)
  toast(nt('move.done', { channel: channel.name }))
  requestFocus('composer', conversation)
}

function AskAddress({ conversation, channel, contact }: { conversation: Id; channel: Channel; contact: Contact | undefined }) {
  const address = useSignal(BY_PHONE.has(channel.kind) ? (contact?.phone ?? '') : '')
  const error = useSignal<string | null>(null)
  const isBusy = useSignal(false)
  const go = async (): Promise<void> => {
    isBusy.value = true
    try {
      await move(conversation, channel, address.peek().trim())
      closeOverlay()
    } catch (cause) {
      error.value = errorText(cause)
    }
    isBusy.value = false
  }
  return (
    <Dialog label={nt('move.to', { channel: channel.name })} onClose={closeOverlay} class="dialog-small">
      <h2>{nt('move.to', { channel: channel.name })}</h2>
      <p class="settings-hint">{nt('move.history')}</p>
      <form onSubmit={(event) => { event.preventDefault(); void go() }}>
        <Field label={BY_PHONE.has(channel.kind) ? nt('move.phone') : nt('move.address')} error={error.value}>
          {(props) => <input {...props} type={BY_PHONE.has(channel.kind) ? 'tel' : 'text'} dir="ltr" required autofocus maxLength={255} value={address} onInput={(event) => void (address.value = event.currentTarget.value)} />}
        </Field>
        <div class="dialog-actions">
          <Button onClick={closeOverlay}>{t('common.cancel')}</Button>
          <Button type="submit" tone="primary" icon="move" disabled={isBusy.value || !address.value.trim()}>{nt('move.go')}</Button>
        </div>
      </form>
    </Dialog>
  )
}

function choicesFor(id: Id, ask: (channel: Channel) => void): Choice[] {
  const conversation = conversations.get(id)
  if (!conversation) return []
  const contact = contacts.get(conversation.contact.id)
  const ways = waysOf(id).value.reply
  const choices: Choice[] = []
  if (ways?.public && ways.private) {
    choices.push({
      key: 'private', label: nt('move.private', { network: networkOf(conversation.channel.kind)?.title ?? conversation.channel.name }), icon: 'lock', group: nt('move.here'),
      pick: () => {
        changeDraft(id, { kind: 'reply', visibility: 'private' })
        requestFocus('composer', id)
      },
    })
  }
  const used = new Set([conversation.channel.id])
  for (const one of contact?.identities ?? []) {
    const channel = channelOf(one.channel_id)
    if (!channel?.is_enabled || used.has(channel.id)) continue
    used.add(channel.id)
    choices.push({
      key: one.id, label: channel.name, hint: one.handle ?? one.external_id, group: nt('move.known'), lead: <ChannelSign kind={channel.kind} />,
      pick: () => void move(id, channel).catch(complain),
    })
  }
  for (const channel of channels.value) {
    if (used.has(channel.id) || !channel.is_enabled || !isNetwork(channel.kind) || !networkOf(channel.kind)?.able.includes('begin')) continue
    choices.push({ key: channel.id, label: channel.name, hint: nt('move.needs_address'), group: nt('move.other'), lead: <ChannelSign kind={channel.kind} />, stays: true, pick: () => ask(channel) })
  }
  return choices
}

export function MovePicker() {
  const layer = overlay.value
  const id = layer?.kind === 'move' ? layer.conversation : ''
  const asked = useSignal<Channel | null>(null)
  const conversation = conversations.get(id)
  if (!conversation) return null
  if (asked.value) return <AskAddress conversation={id} channel={asked.value} contact={contacts.get(conversation.contact.id)} />
  const choices = choicesFor(id, (channel) => void (asked.value = channel))
  if (!choices.length) {
    return (
      <Dialog label={t('command.move')} onClose={closeOverlay} class="dialog-small">
        <h2>{t('command.move')}</h2>
        <p><Words text={nt('move.nowhere')} /></p>
        <div class="dialog-actions"><Button autofocus onClick={closeOverlay}>{t('common.close')}</Button></div>
      </Dialog>
    )
  }
  return <Chooser label={t('command.move')} placeholder={nt('move.hint')} choices={choices} onClose={closeOverlay} />
}
