// Work that must not stand between a key and its paint. Each returns how to call it off.

/** Does `work` when the page's own part of the frame under way is done; keys that came meanwhile go first. */
export function afterFrame(work: () => void): () => void {
  let timer: ReturnType<typeof setTimeout> | undefined
  const frame = requestAnimationFrame(() => {
    timer = setTimeout(work, 0)
  })
  return () => {
    cancelAnimationFrame(frame)
    clearTimeout(timer)
  }
}

/** One frame later: the page's part ends long before the frame is drawn, and who works then takes the processor from those who draw it. */
export function afterPaint(work: () => void): () => void {
  let cancel = afterFrame(() => {
    cancel = afterFrame(work)
  })
  return () => cancel()
}
