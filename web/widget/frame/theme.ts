// Colours and light or dark, set through CSSOM (our CSP admits no inline style). The accent is the
// customer's; what stands on it and in it is computed to be readable.
import { readableAs, readableOn } from '../colour'
import type { Settings } from './types'

const SURFACES = { light: '#ffffff', dark: '#16181d' }
const dark = matchMedia('(prefers-color-scheme: dark)')
let listener: (() => void) | undefined

export function applyTheme(settings: Settings, wanted?: string | null): void {
  const draw = () => {
    const choice = wanted === 'light' || wanted === 'dark' ? wanted : (settings.theme ?? 'auto')
    const theme = choice === 'auto' ? (dark.matches ? 'dark' : 'light') : choice
    const accent = /^#[0-9a-f]{6}$/i.test(settings.color ?? '') ? (settings.color as string) : '#1f6feb'
    const root = document.documentElement
    root.dataset['theme'] = theme
    root.style.setProperty('--accent', accent)
    root.style.setProperty('--on-accent', readableOn(accent))
    root.style.setProperty('--accent-text', readableAs(accent, SURFACES[theme]))
  }
  if (listener) dark.removeEventListener('change', listener)
  dark.addEventListener('change', (listener = draw))
  draw()
}
