// The post that a public conversation stands under: one line over the messages, all of it when opened.
import { Icon } from '../ui/icon'
import { ChannelSign } from '../ui/network'
import { Chip, Words } from '../ui/parts'
import { dateTime } from '../lib/format'
import { t } from '../lib/i18n'
import type { Conversation } from '../lib/types'
import { networkOf } from '../state/networks'
import { waysOf } from '../state/store'
import { Outside, webAddress } from './parts'

function postKind(kind: string): string {
  switch (kind) {
    case 'video':
      return t('post.video')
    case 'story':
      return t('post.story')
    case 'review':
      return t('post.review')
    case 'ad':
      return t('post.ad')
    default:
      return t('post.post')
  }
}

export function PostAbove({ conversation }: { conversation: Conversation }) {
  const post = waysOf(conversation.id).value.post
  if (!post) return null
  const url = webAddress(post.url)
  const picture = webAddress(post.image_url)
  const author = post.author_name || post.author_handle || ''
  return (
    <details class="post">
      <summary>
        <Icon name="forward" size={14} />
        <ChannelSign kind={conversation.channel.kind} size={16} />
        <span class="post-kind">{postKind(post.kind)}</span>
        {post.is_ours ? <Chip tone="accent">{t('post.ours')}</Chip> : author ? <Words text={author} class="post-author" /> : null}
        <Words text={post.text} class="post-line" />
      </summary>
      <div class="post-body">
        {author ? <p class="post-author"><Words text={author} />{post.author_handle && post.author_handle !== author ? <> <Words text={'@' + post.author_handle.replace(/^@/, '')} class="post-handle" /></> : null}</p> : null}
        {post.text ? <p class="post-text" dir="auto">{post.text}</p> : null}
        <p class="post-links">
          {post.at ? <time dateTime={post.at}>{dateTime(post.at)}</time> : null}
          {picture ? <Outside href={picture}>{t('post.picture')}</Outside> : null}
          {url ? <Outside href={url}>{t('post.open', { network: networkOf(conversation.channel.kind)?.title ?? (conversation.channel.name || new URL(url).host) })}</Outside> : null}
        </p>
      </div>
    </details>
  )
}
