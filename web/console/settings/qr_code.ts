// QR codes (ISO/IEC 18004), byte mode, error correction level L, versions 1 to 10: enough for an otpauth address. Pure: text in, modules out.

const ECC_PER_BLOCK = [0, 7, 10, 15, 20, 26, 18, 20, 24, 30, 18]
const BLOCKS = [0, 1, 1, 1, 1, 1, 2, 2, 2, 2, 4]
const MAX_VERSION = 10
const LEVEL_L = 1

/** Modules that hold data and correction in a version: all less the patterns. */
function rawModules(version: number): number {
  let count = (16 * version + 128) * version + 64
  if (version >= 2) {
    const align = Math.floor(version / 7) + 2
    count -= (25 * align - 10) * align - 55
    if (version >= 7) count -= 36
  }
  return count
}
const dataBytes = (version: number): number => Math.floor(rawModules(version) / 8) - (ECC_PER_BLOCK[version] ?? 0) * (BLOCKS[version] ?? 0)

function multiply(a: number, b: number): number {
  let product = 0
  for (let bit = 7; bit >= 0; bit--) {
    product = (product << 1) ^ ((product >>> 7) * 0x11d)
    product ^= ((b >>> bit) & 1) * a
  }
  return product
}

function divisor(degree: number): number[] {
  const result = new Array<number>(degree).fill(0)
  result[degree - 1] = 1
  let root = 1
  for (let i = 0; i < degree; i++) {
    for (let j = 0; j < degree; j++) {
      result[j] = multiply(result[j] ?? 0, root)
      if (j + 1 < degree) result[j] = (result[j] ?? 0) ^ (result[j + 1] ?? 0)
    }
    root = multiply(root, 2)
  }
  return result
}

function remainder(data: readonly number[], by: readonly number[]): number[] {
  const result = by.map(() => 0)
  for (const byte of data) {
    const factor = byte ^ (result.shift() ?? 0)
    result.push(0)
    by.forEach((value, at) => {
      result[at] = (result[at] ?? 0) ^ multiply(value, factor)
    })
  }
  return result
}

function encodeData(bytes: Uint8Array, version: number): number[] {
  const bits: number[] = []
  const put = (value: number, length: number): void => {
    for (let at = length - 1; at >= 0; at--) bits.push((value >>> at) & 1)
  }
  put(4, 4)
  put(bytes.length, version < 10 ? 8 : 16)
  for (const byte of bytes) put(byte, 8)
  const capacity = dataBytes(version) * 8
  put(0, Math.min(4, capacity - bits.length))
  put(0, (8 - (bits.length % 8)) % 8)
  for (let pad = 0xec; bits.length < capacity; pad ^= 0xec ^ 0x11) put(pad, 8)
  const out: number[] = []
  for (let at = 0; at < bits.length; at += 8) out.push(bits.slice(at, at + 8).reduce((sum, bit) => (sum << 1) | bit, 0))
  return out
}

/** Splits into blocks, adds their correction, and weaves them together. */
function weave(data: readonly number[], version: number): number[] {
  const blocks = BLOCKS[version] ?? 1
  const eccLength = ECC_PER_BLOCK[version] ?? 0
  const raw = Math.floor(rawModules(version) / 8)
  const shortCount = blocks - (raw % blocks)
  const shortLength = Math.floor(raw / blocks) - eccLength
  const by = divisor(eccLength)
  const parts: { data: number[]; ecc: number[] }[] = []
  let at = 0
  for (let block = 0; block < blocks; block++) {
    const part = data.slice(at, at + shortLength + (block < shortCount ? 0 : 1))
    at += part.length
    parts.push({ data: [...part], ecc: remainder(part, by) })
  }
  const out: number[] = []
  for (let i = 0; i <= shortLength; i++) for (const part of parts) if (i < part.data.length) out.push(part.data[i] as number)
  for (let i = 0; i < eccLength; i++) for (const part of parts) out.push(part.ecc[i] as number)
  return out
}

class Grid {
  readonly size: number
  readonly dark: boolean[][]
  readonly fixed: boolean[][]
  constructor(size: number) {
    this.size = size
    this.dark = Array.from({ length: size }, () => new Array<boolean>(size).fill(false))
    this.fixed = Array.from({ length: size }, () => new Array<boolean>(size).fill(false))
  }
  set(x: number, y: number, value: boolean): void {
    if (x < 0 || y < 0 || x >= this.size || y >= this.size) return
    ;(this.dark[y] as boolean[])[x] = value
    ;(this.fixed[y] as boolean[])[x] = true
  }
  at(x: number, y: number): boolean {
    return this.dark[y]?.[x] ?? false
  }
}

function alignments(version: number): number[] {
  if (version === 1) return []
  const count = Math.floor(version / 7) + 2
  const step = Math.ceil((version * 4 + 4) / (count * 2 - 2)) * 2
  const result = [6]
  for (let at = version * 4 + 10; result.length < count; at -= step) result.splice(1, 0, at)
  return result
}

function drawPatterns(grid: Grid, version: number): void {
  const { size } = grid
  for (let i = 0; i < size; i++) {
    grid.set(6, i, i % 2 === 0)
    grid.set(i, 6, i % 2 === 0)
  }
  for (const [cx, cy] of [[3, 3], [size - 4, 3], [3, size - 4]] as const) {
    for (let dy = -4; dy <= 4; dy++) for (let dx = -4; dx <= 4; dx++) {
      const distance = Math.max(Math.abs(dx), Math.abs(dy))
      grid.set(cx + dx, cy + dy, distance !== 2 && distance !== 4)
    }
  }
  const places = alignments(version)
  const last = places.length - 1
  places.forEach((cx, i) => places.forEach((cy, j) => {
    if ((i === 0 && j === 0) || (i === 0 && j === last) || (i === last && j === 0)) return
    for (let dy = -2; dy <= 2; dy++) for (let dx = -2; dx <= 2; dx++) grid.set(cx + dx, cy + dy, Math.max(Math.abs(dx), Math.abs(dy)) !== 1)
  }))
  drawFormat(grid, 0)
  if (version < 7) return
  let rest = version
  for (let i = 0; i < 12; i++) rest = (rest << 1) ^ ((rest >>> 11) * 0x1f25)
  const bits = (version << 12) | rest
  for (let i = 0; i < 18; i++) {
    const value = ((bits >>> i) & 1) === 1
    const a = size - 11 + (i % 3)
    const b = Math.floor(i / 3)
    grid.set(a, b, value)
    grid.set(b, a, value)
  }
}

function drawFormat(grid: Grid, mask: number): void {
  const data = (LEVEL_L << 3) | mask
  let rest = data
  for (let i = 0; i < 10; i++) rest = (rest << 1) ^ ((rest >>> 9) * 0x537)
  const bits = ((data << 10) | rest) ^ 0x5412
  const bit = (i: number): boolean => ((bits >>> i) & 1) === 1
  const { size } = grid
  for (let i = 0; i <= 5; i++) grid.set(8, i, bit(i))
  grid.set(8, 7, bit(6))
  grid.set(8, 8, bit(7))
  grid.set(7, 8, bit(8))
  for (let i = 9; i < 15; i++) grid.set(14 - i, 8, bit(i))
  for (let i = 0; i < 8; i++) grid.set(size - 1 - i, 8, bit(i))
  for (let i = 8; i < 15; i++) grid.set(8, size - 15 + i, bit(i))
  grid.set(8, size - 8, true)
}

function drawData(grid: Grid, bytes: readonly number[]): void {
  let at = 0
  for (let right = grid.size - 1; right >= 1; right -= 2) {
    if (right === 6) right = 5
    for (let step = 0; step < grid.size; step++) {
      for (let j = 0; j < 2; j++) {
        const x = right - j
        const isUp = ((right + 1) & 2) === 0
        const y = isUp ? grid.size - 1 - step : step
        if (grid.fixed[y]?.[x] || at >= bytes.length * 8) continue
        ;(grid.dark[y] as boolean[])[x] = (((bytes[at >>> 3] as number) >>> (7 - (at & 7))) & 1) === 1
        at++
      }
    }
  }
}

/** The modules of a text's code, row by row, true is dark. One fixed mask: readers take every mask. */
export function qrCode(text: string): boolean[][] {
  const bytes = new TextEncoder().encode(text)
  let version = 1
  while (version <= MAX_VERSION && dataBytes(version) < bytes.length + (version < 10 ? 2 : 3)) version++
  if (version > MAX_VERSION) throw new RangeError('text too long for a code')
  const grid = new Grid(version * 4 + 17)
  drawPatterns(grid, version)
  drawData(grid, weave(encodeData(bytes, version), version))
  for (let y = 0; y < grid.size; y++) for (let x = 0; x < grid.size; x++) {
    if (!grid.fixed[y]?.[x] && (x + y) % 2 === 0) (grid.dark[y] as boolean[])[x] = !grid.at(x, y)
  }
  return grid.dark
}
