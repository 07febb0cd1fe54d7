// The small lists that everything else names by id: agents, teams, tags, channels, views, notifications.
import { get } from '../lib/api'
import type { Agent, Channel, Notification, Page, Tag, Team, View } from '../lib/types'
import { can, small } from './store'

type Listing<T> = Page<T> | T[]
export const itemsOf = <T>(answer: Listing<T>): T[] => (Array.isArray(answer) ? answer : answer.items)

/** A list that is small by nature: the server answers it whole and takes no query. */
export const getAll = async <T>(path: string): Promise<T[]> => itemsOf(await get<Listing<T>>(path))

const quietly = (work: Promise<void>): void => {
  work.catch((error: unknown) => console.warn('reference list', error))
}

export function refreshPeople(): void {
  quietly(small.agents.load(() => getAll<Agent>('/agents')))
  quietly(small.teams.load(() => getAll<Team>('/teams')))
}
export function refreshTags(): void {
  quietly(small.tags.load(() => getAll<Tag>('/tags')))
}
export function refreshViews(): void {
  quietly(small.views.load(() => getAll<View>('/views')))
}
export const loadChannels = (): Promise<void> => small.channels.load(() => getAll<Channel>('/channels'))
export function refreshChannels(): void {
  quietly(loadChannels())
}
export function refreshNotifications(): void {
  quietly(small.notifications.load(async () => (await get<Page<Notification>>('/notifications', { limit: 50 })).items))
}
export function refreshReference(): void {
  refreshPeople()
  refreshTags()
  refreshViews()
  refreshNotifications()
  if (can('channel.manage') || can('conversation.read')) refreshChannels()
}
