// A message that a search found, in its conversation: what stands between it and the newest is fetched, then it is shown and marked for a while.
import { useEffect } from 'preact/hooks'
import '../style/search.css'
import { placeOf } from '../conversation/marks'
import type { Id } from '../lib/types'
import { search, setSearch } from '../lib/router'
import { timelineOf } from '../state/store'
import { loadOlder, openConversation } from '../state/timeline'
import { toast } from '../state/toasts'
import { searchWords, st } from './words'

/** Pages of 50: what lies further back is not carried into a browser at once. */
const MOST_PAGES = 60
const MARK_MS = 4000
const settled = (): Promise<void> => new Promise((resolve) => requestAnimationFrame(() => requestAnimationFrame(() => resolve())))

async function fetchUntil(conversation: Id, message: Id, isGone: () => boolean): Promise<boolean> {
  await openConversation(conversation)
  const { ids, older } = timelineOf(conversation)
  for (let page = 0; page < MOST_PAGES && !isGone(); page++) {
    if (ids.peek().includes(message)) return true
    const before = older.peek()
    if (!before) return false
    await loadOlder(conversation)
    if (older.peek() === before) await settled() // another part of the page fetches it
  }
  return ids.peek().includes(message)
}

export function Reach({ conversation, message }: { conversation: Id; message: Id }) {
  useEffect(() => {
    let isOver = false
    const show = async (): Promise<void> => {
      const isThere = await fetchUntil(conversation, message, () => isOver)
      await settled()
      if (isOver) return
      const element = isThere ? document.getElementById(placeOf(message)) : null
      if (!element) {
        await searchWords()
        toast(st('too_far'))
        return
      }
      // What stands above gets its true height as it comes into view, and moves it.
      for (let i = 0; i < 3 && !isOver; i++) {
        element.scrollIntoView({ block: 'center' })
        await settled()
      }
      element.classList.add('is-found')
      setTimeout(() => element.classList.remove('is-found'), MARK_MS)
      if (new URLSearchParams(search.peek()).get('message') === message) setSearch('')
    }
    void show()
    return () => void (isOver = true)
  }, [conversation, message])
  return null
}
