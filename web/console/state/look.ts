// How the console looks on this device: theme, contrast, density, pane widths. Kept in the browser for the first paint and in the profile for the next device.
import { effect, signal } from '@preact/signals'
import { dir, locale } from '../lib/i18n'

export interface Look {
  theme: 'auto' | 'light' | 'dark'
  contrast: 'normal' | 'high'
  density: 'comfortable' | 'compact'
  viewsWidth: number
  listWidth: number
  contextWidth: number
  isViewsOpen: boolean
  isContextOpen: boolean
}

const KEY = 'seva.look'
const DEFAULT: Look = {
  theme: 'auto', contrast: 'normal', density: 'comfortable', viewsWidth: 208, listWidth: 352, contextWidth: 312, isViewsOpen: true, isContextOpen: true,
}

function read(): Look {
  try {
    return { ...DEFAULT, ...(JSON.parse(localStorage.getItem(KEY) ?? '{}') as Partial<Look>) }
  } catch {
    return DEFAULT
  }
}

export const look = signal<Look>(read())
/** Width class of the window: what UX calls wide (≥ 1280), middle (900–1279), narrow (600–899), phone (< 600). */
export const size = signal<'wide' | 'middle' | 'narrow' | 'phone'>('wide')
export const isOverlayContextOpen = signal(false)
export const isOverlayViewsOpen = signal(false)

export function changeLook(change: Partial<Look>): void {
  look.value = { ...look.peek(), ...change }
}

function measure(): void {
  const width = innerWidth
  const next = width >= 1280 ? 'wide' : width >= 900 ? 'middle' : width >= 600 ? 'narrow' : 'phone'
  if (next !== size.peek()) {
    size.value = next
    isOverlayContextOpen.value = false
    isOverlayViewsOpen.value = false
  }
}

export function startLook(): void {
  measure()
  addEventListener('resize', measure)
  effect(() => {
    const root = document.documentElement
    const { theme, contrast, density } = look.value
    if (theme === 'auto') delete root.dataset['theme']
    else root.dataset['theme'] = theme
    if (contrast === 'high') root.dataset['contrast'] = 'high'
    else delete root.dataset['contrast']
    root.dataset['density'] = density
    try {
      localStorage.setItem(KEY, JSON.stringify({ ...look.value, locale: locale.value, dir: dir.value }))
    } catch {
      // Storage refused: the look lasts as long as the page.
    }
  })
}
