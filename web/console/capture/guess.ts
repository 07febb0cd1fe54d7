// What an address says by itself: whose network it is and, where the path holds it, who wrote there. Pure.
import type { ChannelKind } from '../lib/types'

const HOSTS: readonly (readonly [string, ChannelKind])[] = [
  ['x.com', 'x'], ['twitter.com', 'x'], ['facebook.com', 'facebook'], ['fb.com', 'facebook'], ['instagram.com', 'instagram'], ['linkedin.com', 'linkedin'],
  ['tiktok.com', 'tiktok'], ['youtube.com', 'youtube'], ['youtu.be', 'youtube'], ['bsky.app', 'bluesky'], ['t.me', 'telegram'], ['maps.google.com', 'google_reviews'],
  ['business.google.com', 'google_reviews'],
]
/** Where the first part of a post's path is its writer. */
const WRITERS: Partial<Record<ChannelKind, RegExp>> = {
  x: /^\/([A-Za-z0-9_]{1,15})\/status\//,
  tiktok: /^\/@([\w.]{2,24})\/(?:video|photo)\//,
  bluesky: /^\/profile\/([\w.-]{3,253})\/post\//,
  mastodon: /^\/@([\w.]{1,60})(?:@([\w.-]{3,253}))?\/\d+/,
}

export interface Guess { network: ChannelKind | null; handle: string }

function parsed(address: string): URL | null {
  try {
    return /^https?:\/\//i.test(address) ? new URL(address) : null
  } catch {
    return null
  }
}

export function guess(address: string): Guess {
  const place = parsed(address)
  if (!place) return { network: null, handle: '' }
  const { hostname, pathname } = place
  const known = HOSTS.find(([host]) => hostname === host || hostname.endsWith('.' + host))?.[1]
  // Anybody may run a server of Mastodon's: its posts are known by their path.
  const network = known ?? (WRITERS.mastodon?.test(pathname) ? 'mastodon' : null)
  const found = network ? WRITERS[network]?.exec(pathname) : null
  return { network, handle: found ? '@' + found.slice(1).filter(Boolean).join('@') : '' }
}
