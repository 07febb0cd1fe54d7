// Pictures of other sites come through the server, which fetches the first time (src/api/mail_picture.c): a few at a time, so that a newsletter
// of fifty neither holds up the console's own requests nor asks more of the server than it does at once. One that does not come is asked for
// again a little later: the server may have been busy. Those near the top come first.
const AT_ONCE = 2
const TRIES = 3
const AGAIN_MS = 2000

/** Lets the pictures of this body come; what is returned ends that. */
export function loadPictures(body: HTMLElement): () => void {
  const waiting = Array.from(body.querySelectorAll<HTMLImageElement>('img[data-seva-wait]')).map((image) => ({ image, address: image.getAttribute('data-seva-wait') ?? '', tries: 0 }))
  const timers = new Set<ReturnType<typeof setTimeout>>()
  let isOver = false
  const next = (): void => {
    const one = isOver ? undefined : waiting.shift()
    if (!one) return
    const { image, address } = one
    const settle = (hasCome: boolean): void => {
      if (!hasCome && ++one.tries < TRIES) {
        const timer = setTimeout(() => {
          timers.delete(timer)
          waiting.push(one)
          next()
        }, AGAIN_MS * one.tries)
        timers.add(timer)
      }
      next()
    }
    image.onload = () => settle(true)
    image.onerror = () => settle(false)
    image.removeAttribute('data-seva-wait')
    image.setAttribute('src', address)
  }
  for (let i = 0; i < AT_ONCE; i++) next()
  return () => {
    isOver = true
    for (const timer of timers) clearTimeout(timer)
  }
}
