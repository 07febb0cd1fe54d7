// Where a network calls: the address to copy, and the steps by hand where it does not learn it by itself.
import type { ComponentChildren } from 'preact'
import { useSignal } from '@preact/signals'
import { useEffect, useState } from 'preact/hooks'
import { del, get, post } from '../../lib/api'
import { dateTime } from '../../lib/format'
import { Latest } from '../../lib/latest'
import { nt } from '../../lib/network_words'
import type { Network } from '../../lib/network_types'
import type { Channel } from '../../lib/types'
import { complain } from '../../state/toasts'
import { Button } from '../../ui/parts'
import { AskButton, Code, SecretOnce, Section } from '../common'
import { stepsOf } from './words'
import type { MailSubscription, SecretRotated } from '../../../shared/api/types'

export function Steps({ kind }: { kind: string }) {
  const steps = stepsOf(kind)
  return steps.length ? <ol class="network-steps">{steps.map((one) => <li key={one}>{one}</li>)}</ol> : null
}

/** Mails that somebody posts: the address, what its own words say of it, and its secret. */
function PostedMails({ channel, title, hint, children }: { channel: Channel; title: string; hint: string; children?: ComponentChildren }) {
  const secret = useSignal<string | null>(null)
  if (!channel.hook_url) return null
  return (
    <Section title={title} hint={hint}>
      <Code text={channel.hook_url} label={nt('hook.mail_address')} />
      {children}
      {secret.value ? <SecretOnce label={nt('hook.mail_secret_label')} secret={secret.value} onDone={() => void (secret.value = null)} /> : (
        <AskButton icon="refresh" label={nt('hook.mail_secret')} title={nt('hook.mail_secret')} text={nt('hook.mail_secret_text')} onConfirm={() => void post<SecretRotated>(`/channels/${channel.id}/rotate-secret`).then((answer) => void (secret.value = answer.secret), complain)} />
      )}
    </Section>
  )
}

/** By hand: the network's notification mails can still say that something came in. */
export function MailHook({ channel }: { channel: Channel }) {
  return <PostedMails channel={channel} title={nt('hook.mail_title')} hint={nt('hook.mail')} />
}

/** Amazon SNS asks whether it may post here: somebody has to open its link. Asked for anew whenever the channel has changed. */
function SnsQuestion({ channel }: { channel: Channel }) {
  const asked = useSignal<MailSubscription | null>(null)
  const path = `/channels/${channel.id}/mail-subscription`
  const [latest] = useState(() => new Latest())
  const load = (): void => {
    const isLatest = latest.begin()
    get<MailSubscription>(path).then((found) => {
      if (isLatest()) asked.value = found
    }, () => undefined) // whoever may not know sees nothing
  }
  useEffect(load, [channel])
  const { topic, url, until } = asked.value ?? {}
  if (!url) return null
  return (
    <div class="secret" role="status">
      <strong>{nt('hook.sns_title')}</strong>
      <p>{nt('hook.sns_topic')}: <bdi>{topic}</bdi></p>
      <p>{nt('hook.sns_hint', { until: until ? dateTime(until) : '' })}</p>
      <div class="network-actions">
        <a class="button button-primary" href={url} target="_blank" rel="noopener noreferrer">{nt('hook.sns_open')}</a>
        <Button onClick={() => void del(path).then(load, complain)}>{nt('hook.sns_dismiss')}</Button>
      </div>
    </div>
  )
}

/** A mailbox's mails need not be fetched: a forwarder posts them, or a mail server's pipe. */
export function MailboxHook({ channel }: { channel: Channel }) {
  const address = channel.hook_url
  if (!address) return null
  return (
    <PostedMails channel={channel} title={nt('hook.mailbox_title')} hint={nt('hook.mailbox')}>
      <SnsQuestion channel={channel} />
      <details class="example">
        <summary>{nt('hook.mailbox_how')}</summary>
        <p class="settings-hint">{nt('hook.mailbox_pipe')}</p>
        <Code text={`seva mail-in ${address} --password-file /etc/seva/mail-secret`} label={nt('hook.mailbox_command')} />
        <p class="settings-hint">{nt('hook.mailbox_forwarder')}</p>
        <Code text={address.replace('://', '://seva:SECRET@')} label={nt('hook.mailbox_with_secret')} />
        <p class="settings-hint">{nt('hook.mailbox_fields')}</p>
        <p class="settings-hint">{nt('hook.mailbox_sns')}</p>
      </details>
    </PostedMails>
  )
}

export function Hook({ channel, network }: { channel: Channel; network: Network }) {
  const secret = useSignal<string | null>(null)
  if (!channel.hook_url) return <Section title={nt('hook.title')}><p class="settings-hint">{nt('hook.none', { network: network.title })}</p></Section>
  return (
    <Section title={nt('hook.title')} hint={nt('hook.hint', { network: network.title })}>
      <Code text={channel.hook_url} label={nt('hook.address')} />
      <details class="example"><summary>{nt('hook.by_hand')}</summary><Steps kind={network.kind} /></details>
      {secret.value ? <SecretOnce label={nt('hook.token')} secret={secret.value} onDone={() => void (secret.value = null)} /> : (
        <AskButton icon="refresh" label={nt('hook.new_token')} title={nt('hook.new_token')} text={nt('hook.new_token_text')} onConfirm={() => void post<SecretRotated>(`/channels/${channel.id}/rotate-secret`).then((answer) => void (secret.value = answer.secret), complain)} />
      )}
    </Section>
  )
}
