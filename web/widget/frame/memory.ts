// What the widget keeps in this browser: nothing before the first message (or form, or signed identity),
// then the visitor's token and the messages not yet sent. Where the browser refuses a frame storage of
// its own, the loader keeps it in the page's; without any, it lives as long as the frame.

const held = new Map<string, string>()
let keepOutside: ((name: string, value: string | null) => void) | undefined

/** The loader's answer: what it kept, and how to give it more. */
export function useOutside(items: Record<string, string>, put: (name: string, value: string | null) => void): void {
  for (const [name, value] of Object.entries(items)) held.set(name, value)
  keepOutside = put
}

export function recall<T>(name: string): T | null {
  let text: string | null = held.get(name) ?? null
  try {
    text = localStorage.getItem(name) ?? text
  } catch {
    // Refused: what is held counts.
  }
  try {
    return text === null ? null : (JSON.parse(text) as T)
  } catch {
    return null
  }
}

export function keep(name: string, value: unknown): void {
  const text = JSON.stringify(value)
  try {
    localStorage.setItem(name, text)
    held.delete(name)
  } catch {
    held.set(name, text)
    keepOutside?.(name, text)
  }
}

export function forget(name: string): void {
  held.delete(name)
  try {
    localStorage.removeItem(name)
  } catch {
    keepOutside?.(name, null)
  }
}

/** Runs the work while no other tab of this browser runs work of this name; a browser that has no locks,
 * or refuses them with the storage, runs it at once. */
export async function exclusively(name: string, work: () => Promise<void>, signal?: AbortSignal): Promise<void> {
  let isBegun = false
  try {
    if (navigator.locks) {
      await navigator.locks.request(name, signal ? { signal } : {}, () => {
        isBegun = true
        return work()
      })
      return
    }
  } catch (error) {
    if (isBegun) throw error
    if (signal?.aborted) return
  }
  await work()
}
