// What the widget keeps in this browser: nothing before the first message (or form, or signed identity),
// then the visitor's token and the messages not yet sent. A browser without storage keeps it in memory.

const held = new Map<string, string>()

export function recall<T>(name: string): T | null {
  let text: string | null = held.get(name) ?? null
  try {
    text = localStorage.getItem(name) ?? text
  } catch {
    // Blocked storage: memory has it.
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
  }
}

export function forget(name: string): void {
  held.delete(name)
  try {
    localStorage.removeItem(name)
  } catch {
    // Blocked storage: nothing was kept there.
  }
}
