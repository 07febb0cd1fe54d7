// Which of two views of a thing is the newer one. An answer shows it as it was at some time after its question, so what came after the question (an
// event, a change of our own) stands over it: should the answer know more, an event tells that too. And of two answers that of the later question stands.
import { batch, signal, type Signal } from '@preact/signals'
import type { Id } from '../lib/types'

let ticks = 0
/** A moment that is later than every one before. */
export const tick = (): number => ++ticks

/** Changes of objects that the server has not answered yet: they stand over whatever it tells of the object meanwhile. */
export class Unanswered<T extends { id: Id }> {
  private readonly objects = new Map<Id, { told: T; changes: Partial<T>[] }>()

  /** The object with one more change on it. */
  begin(now: T, change: Partial<T>): T {
    const found = this.objects.get(now.id) ?? { told: now, changes: [] }
    found.changes.push(change)
    this.objects.set(now.id, found)
    return this.over(now.id) ?? now
  }
  /** The object as it is to be shown, when the server tells of it. */
  told(next: T): T {
    const found = this.objects.get(next.id)
    if (!found) return next
    found.told = next
    return this.over(next.id) ?? next
  }
  /** The object without this change (the very object given to `begin`), or with it for good when the server took it and said no more. */
  end(id: Id, change: Partial<T>, isTaken = false): T | undefined {
    const found = this.objects.get(id)
    if (!found) return undefined
    found.changes = found.changes.filter((one) => one !== change)
    if (isTaken) found.told = { ...found.told, ...change }
    const shown = this.over(id)
    if (!found.changes.length) this.objects.delete(id)
    return shown
  }
  /** What changed here and is nobody else's to tell. */
  amend(id: Id, change: Partial<T>): void {
    const found = this.objects.get(id)
    if (found) found.told = { ...found.told, ...change }
  }
  clear(): void {
    this.objects.clear()
  }
  private over(id: Id): T | undefined {
    const found = this.objects.get(id)
    return found && Object.assign({}, found.told, ...found.changes)
  }
}

/** A list that is small by nature: read whole, changed one by one by events and by hand. */
export class SmallList<T extends { id: Id | null }> {
  readonly items: Signal<T[]> = signal<T[]>([])
  private standing = 0
  private underWay = 0
  /** What changed while answers are on their way; null: it is gone. */
  private readonly changed = new Map<Id | null, { at: number; item: T | null }>()
  private readonly isNewestFirst: boolean
  constructor(isNewestFirst = false) {
    this.isNewestFirst = isNewestFirst
  }

  async load(ask: () => Promise<T[]>): Promise<void> {
    const asked = tick()
    this.underWay++
    try {
      const items = await ask()
      if (asked < this.standing) return
      this.standing = asked
      let next = items
      for (const [id, { at, item }] of this.changed) if (at > asked) next = item ? this.with(next, item) : next.filter((one) => one.id !== id)
      this.items.value = next
    } finally {
      if (--this.underWay === 0) this.changed.clear()
    }
  }
  put(item: T): void {
    this.note(item.id, item)
    this.items.value = this.with(this.items.peek(), item)
  }
  remove(id: Id): void {
    this.note(id, null)
    this.items.value = this.items.peek().filter((one) => one.id !== id)
  }
  /** Every item through `change`; what it gives back as it was is left alone. */
  map(change: (item: T) => T): void {
    batch(() => {
      for (const one of this.items.peek()) {
        const next = change(one)
        if (next !== one) this.put(next)
      }
    })
  }
  /** Also what is still on its way. */
  forget(): void {
    this.standing = tick()
    this.changed.clear()
    this.items.value = []
  }

  private note(id: Id | null, item: T | null): void {
    if (this.underWay) this.changed.set(id, { at: tick(), item: item && { ...this.changed.get(id)?.item, ...item } })
  }
  private with(list: readonly T[], one: T): T[] {
    if (list.some((other) => other.id === one.id)) return list.map((other) => (other.id === one.id ? { ...other, ...one } : other))
    return this.isNewestFirst ? [one, ...list] : [...list, one]
  }
}
