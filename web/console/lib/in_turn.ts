// Requests that must not overtake each other on their way to the server: each begins when the one before it under the same key has ended.
const last = new Map<string, Promise<unknown>>()

export function inTurn<T>(key: string, work: () => Promise<T>): Promise<T> {
  const before = last.get(key)
  const mine = before ? before.then(work, work) : work()
  last.set(key, mine)
  const end = (): void => {
    if (last.get(key) === mine) last.delete(key)
  }
  mine.then(end, end)
  return mine
}
