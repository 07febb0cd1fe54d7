// Contrast by WCAG 2.2 (relative luminance): whatever accent colour a customer picks, text on it and
// text in it stay readable. Pure functions over "#rrggbb".

function channels(hex: string): [number, number, number] {
  const value = parseInt(hex.slice(1), 16)
  return [value >> 16, (value >> 8) & 255, value & 255]
}

export function luminance(hex: string): number {
  const [r, g, b] = channels(hex).map((part) => {
    const share = part / 255
    return share <= 0.04045 ? share / 12.92 : ((share + 0.055) / 1.055) ** 2.4
  }) as [number, number, number]
  return 0.2126 * r + 0.7152 * g + 0.0722 * b
}

export function contrast(one: string, other: string): number {
  const a = luminance(one)
  const b = luminance(other)
  return (Math.max(a, b) + 0.05) / (Math.min(a, b) + 0.05)
}

/** White where it reaches 4.5 on the colour, else black (which then does: the two multiply to 21). */
export function readableOn(hex: string): string {
  return contrast(hex, '#ffffff') >= 4.5 ? '#ffffff' : '#000000'
}

/** The colour itself, or the nearest mix with black or white that reaches `least` on the background. */
export function readableAs(hex: string, background: string, least = 4.5): string {
  const target = luminance(background) > 0.18 ? 0 : 255
  const parts = channels(hex)
  for (let step = 0; step <= 20; step++) {
    const mixed = parts.map((part) => Math.round(part + ((target - part) * step) / 20))
    const text = `#${mixed.map((part) => part.toString(16).padStart(2, '0')).join('')}`
    if (contrast(text, background) >= least) return text
  }
  return target ? '#ffffff' : '#000000'
}
