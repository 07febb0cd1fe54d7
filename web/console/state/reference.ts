// The small lists that everything else names by id: agents, teams, tags, channels, views, notifications.
import { get } from '../lib/api'
import type { Agent, Channel, Notification, Page, Tag, Team, View } from '../lib/types'
import { agents, can, channels, notifications, tags, teams, views } from './store'

type Listing<T> = Page<T> | T[]
export const itemsOf = <T>(answer: Listing<T>): T[] => (Array.isArray(answer) ? answer : answer.items)

/** A list that is small by nature: the server answers it whole and takes no query. */
export const getAll = async <T>(path: string): Promise<T[]> => itemsOf(await get<Listing<T>>(path))

const quietly = (work: Promise<void>): void => {
  work.catch((error: unknown) => console.warn('reference list', error))
}

export function refreshPeople(): void {
  quietly(getAll<Agent>('/agents').then((items) => void (agents.value = items)))
  quietly(getAll<Team>('/teams').then((items) => void (teams.value = items)))
}
export function refreshTags(): void {
  quietly(getAll<Tag>('/tags').then((items) => void (tags.value = items)))
}
export function refreshViews(): void {
  quietly(getAll<View>('/views').then((items) => void (views.value = items)))
}
export function refreshChannels(): void {
  quietly(getAll<Channel>('/channels').then((items) => void (channels.value = items)))
}
export function refreshNotifications(): void {
  quietly(get<Page<Notification>>('/notifications', { limit: 50 }).then((page) => void (notifications.value = page.items)))
}
export function refreshReference(): void {
  refreshPeople()
  refreshTags()
  refreshViews()
  refreshNotifications()
  if (can('channel.manage') || can('conversation.read')) refreshChannels()
}
