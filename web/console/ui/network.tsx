// The sign of a channel: a symbol of its own for website chats, API channels and speech, letters for networks. Seva's own drawings: no network's mark is used.
import { Icon, type IconName } from './icon'

const SYMBOLS: Record<string, IconName> = { widget: 'chat', api: 'code', email: 'unread', voice: 'phone', google_reviews: 'star' }
const LETTERS: Record<string, string> = {
  facebook: 'Fb', instagram: 'Ig', whatsapp: 'Wa', x: 'X', linkedin: 'Li', tiktok: 'Tt', youtube: 'Yt', telegram: 'Tg', line: 'Ln', viber: 'Vb', sms: 'Sm', mastodon: 'Ma', bluesky: 'Bs',
}

export function ChannelSign({ kind, size = 18 }: { kind: string | null; size?: number }) {
  // Of a channel that was removed nothing may be known any more.
  if (!kind) return <Icon name="trash" size={size} />
  const symbol = SYMBOLS[kind]
  if (symbol) return <Icon name={symbol} size={size} />
  return (
    <svg class="sign" width={size} height={size} viewBox="0 0 24 24" aria-hidden="true" focusable="false">
      <text x="12" y="17.5" text-anchor="middle">{LETTERS[kind] ?? kind.slice(0, 2)}</text>
    </svg>
  )
}
