// Key combinations as texts: "r", "Shift+E", "Mod+K", chords as "g i". Pure, so that the registry can be tested without a page.

export interface KeyPress {
  key: string
  ctrlKey: boolean
  metaKey: boolean
  shiftKey: boolean
  altKey: boolean
}

export const isMac = typeof navigator !== 'undefined' && /Mac|iPhone|iPad/.test(navigator.platform)

/** The text of a press. Letters with Shift are "Shift+E"; signs that need Shift to type ("?") stand alone. Null: a bare modifier. */
export function comboOf(press: KeyPress): string | null {
  if (['Control', 'Shift', 'Alt', 'Meta', 'AltGraph', 'CapsLock'].includes(press.key)) return null
  const isLetter = press.key.length === 1 && press.key.toLowerCase() !== press.key.toUpperCase()
  const name = press.key === ' ' ? 'Space' : isLetter ? press.key.toLowerCase() : press.key
  const isNamed = press.key.length > 1 || isLetter || press.key === ' '
  const parts: string[] = []
  if (press.ctrlKey || press.metaKey) parts.push('Mod')
  if (press.altKey) parts.push('Alt')
  if (press.shiftKey && isNamed) parts.push('Shift')
  parts.push(isLetter && parts.length > 0 ? name.toUpperCase() : name)
  return parts.join('+')
}

/** True for keys that write text: these must be silent while somebody types. */
export function isSingleKey(combo: string): boolean {
  return !combo.startsWith('Mod+') && !combo.startsWith('Alt+') && combo !== 'Escape'
}

export type ChordResult = { kind: 'run'; id: string } | { kind: 'wait' } | { kind: 'none' }

/** Resolves presses against bindings ("g i" waits for its second key for a while). */
export class ChordReader {
  private pending = ''
  private until = 0
  private readonly waitMs: number
  constructor(waitMs = 1200) {
    this.waitMs = waitMs
  }
  press(combo: string, bindings: ReadonlyMap<string, string>, now: number): ChordResult {
    const prefix = this.pending && now <= this.until ? this.pending + ' ' : ''
    this.pending = ''
    const whole = prefix + combo
    const found = bindings.get(whole)
    if (found !== undefined) return { kind: 'run', id: found }
    for (const keys of bindings.keys()) {
      if (keys.startsWith(whole + ' ')) {
        this.pending = whole
        this.until = now + this.waitMs
        return { kind: 'wait' }
      }
    }
    return prefix ? this.press(combo, bindings, now) : { kind: 'none' }
  }
}

const SIGNS: Record<string, string> = {
  Mod: isMac ? '⌘' : 'Ctrl', Shift: '⇧', Alt: isMac ? '⌥' : 'Alt', Enter: '↵', Escape: 'Esc', ArrowUp: '↑', ArrowDown: '↓', Space: '␣',
}

/** The caps to draw for a combination: [["Ctrl","K"]] or, for a chord, one list per press. */
export function keyCaps(combo: string): string[][] {
  return combo.split(' ').map((press) => press.split('+').map((part) => SIGNS[part] ?? (part.length === 1 ? part.toUpperCase() : part)))
}
