// A message that a search found, in its conversation: it is opened where it stands, and marked for a while.
import { useEffect } from 'preact/hooks'
import '../style/search.css'
import { placeOf } from '../conversation/marks'
import type { Id } from '../lib/types'
import { search, setSearch } from '../lib/router'
import { errorText, toast } from '../state/toasts'
import { openAt } from './past'
import { searchWords, st } from './words'

const MARK_MS = 4000
const settled = (): Promise<void> => new Promise((resolve) => requestAnimationFrame(() => requestAnimationFrame(() => resolve())))

export function Reach({ conversation, message }: { conversation: Id; message: Id }) {
  useEffect(() => {
    let isOver = false
    const show = async (): Promise<void> => {
      await searchWords()
      const isThere = await openAt(conversation, message)
      await settled()
      if (isOver) return
      const element = isThere ? document.getElementById(placeOf(message)) : null
      if (!element) {
        toast(st('gone'))
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
    void show().catch((error: unknown) => isOver || toast(errorText(error)))
    return () => void (isOver = true)
  }, [conversation, message])
  return null
}
