// The weight budgets (KB gzip, 1 KB = 1,024 bytes) of web/dist, as a table; ends with 1 when one is passed.
// Run: npm run budget (after npm run build). First load = the entry with everything it imports statically.
import { existsSync, readFileSync } from 'node:fs'
import { fileURLToPath } from 'node:url'
import { gzipSync } from 'node:zlib'

const dist = fileURLToPath(new URL('../dist/', import.meta.url))
const sizeOf = (file) => gzipSync(readFileSync(dist + file), { level: 9 }).length
const manifestOf = (part) => JSON.parse(readFileSync(`${dist}${part}/.vite/manifest.json`, 'utf8'))

/** Files of a manifest entry: scripts and styles that load with it. */
function staticFiles(manifest, name, part, found = { js: new Set(), css: new Set() }) {
  const entry = manifest[name]
  const file = `${part}/${entry.file}`
  if (found.js.has(file)) return found
  if (entry.file.endsWith('.js')) found.js.add(file)
  for (const css of entry.css ?? []) found.css.add(`${part}/${css}`)
  for (const next of entry.imports ?? []) staticFiles(manifest, next, part, found)
  return found
}

const rows = []
const row = (what, files, limitKb) => rows.push({ what, bytes: [...files].reduce((sum, file) => sum + sizeOf(file), 0), limitKb })

function widgetRows() {
  const manifest = manifestOf('widget')
  const main = Object.keys(manifest).find((name) => manifest[name].name === 'main')
  const frame = staticFiles(manifest, main, 'widget')
  row('widget loader', ['widget/loader.js'], 4)
  row('widget app, scripts', frame.js, 22)
  row('widget app, styles', frame.css, 5)
  for (const [name, entry] of Object.entries(manifest)) {
    const locale = /shared\/gen\/widget\.([a-z-]+)\.ts$/i.exec(name)?.[1]
    if (locale) row(`widget words, ${locale}`, [`widget/${entry.file}`], 3)
  }
}

function consoleRows() {
  const manifest = manifestOf('console')
  const entryName = Object.keys(manifest).find((name) => manifest[name].isEntry)
  const first = staticFiles(manifest, entryName, 'console')
  // The first route needs one table of words: count the largest.
  const words = Object.entries(manifest).filter(([name]) => /shared\/gen\/console\.[a-z-]+\.ts$/i.test(name)).map(([, entry]) => `console/${entry.file}`)
  const largest = words.sort((a, b) => sizeOf(b) - sizeOf(a))[0]
  row('console first route, scripts', [...first.js, ...(largest && !first.js.has(largest) ? [largest] : [])], 90)
  row('console first route, styles', first.css, 14)
  const shared = new Set([...first.js, ...first.css, ...words])
  for (const [name, entry] of Object.entries(manifest)) {
    if (!entry.isDynamicEntry || words.includes(`console/${entry.file}`)) continue
    const files = staticFiles(manifest, name, 'console')
    row(`console ${name}`, [...files.js, ...files.css].filter((file) => !shared.has(file)), 25)
  }
}

if (!existsSync(`${dist}widget/.vite/manifest.json`)) {
  console.error('web/dist is missing: run npm run build first')
  process.exit(1)
}
widgetRows()
if (existsSync(`${dist}console/.vite/manifest.json`)) consoleRows()
let isOver = false
for (const { what, bytes, limitKb } of rows) {
  const over = bytes > limitKb * 1024
  isOver ||= over
  console.log(`${(bytes / 1024).toFixed(1).padStart(6)} of ${String(limitKb).padStart(3)} KB  ${what}${over ? '  OVER' : ''}`)
}
process.exit(isOver ? 1 : 0)
