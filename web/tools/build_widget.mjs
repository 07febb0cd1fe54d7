// Builds what Seva puts into other people's pages: widget/ (the frame, its pages and the loader) and
// shop/ (the demo shop) → web/dist. Run: npm run build:widget (after npm run messages).
import { readFileSync, readdirSync } from 'node:fs'
import { fileURLToPath } from 'node:url'
import { build } from 'vite'

const path = (name) => fileURLToPath(new URL(`../${name}`, import.meta.url))
const catalogue = (area) =>
  Object.fromEntries(
    readdirSync(path(`../i18n/${area}`))
      .filter((name) => name.endsWith('.json'))
      .map((name) => [name.slice(0, -5), JSON.parse(readFileSync(path(`../i18n/${area}/${name}`), 'utf8'))]),
  )

const shared = {
  configFile: false,
  logLevel: process.argv.includes('--quiet') ? 'warn' : 'info',
  esbuild: { jsx: 'automatic', jsxImportSource: 'preact', legalComments: 'none' },
}
const output = { target: 'es2022', assetsInlineLimit: 0, modulePreload: { polyfill: false }, reportCompressedSize: false }

const RTL = new Set(['ar', 'fa', 'he', 'ur'])
const escaped = (text) => text.replace(/&/g, '&amp;').replace(/</g, '&lt;').replace(/"/g, '&quot;')

/** Pages that must speak without script: one copy for each locale, words from i18n/server. */
function localePages(names) {
  const words = catalogue('server')
  return {
    name: 'locale-pages',
    enforce: 'post',
    generateBundle(_, bundle) {
      for (const name of names) {
        const template = String(bundle[`${name}.html`].source)
        delete bundle[`${name}.html`]
        for (const [locale, table] of Object.entries(words)) {
          const source = template.replace(/%([a-z.]+)%/g, (all, key) => {
            if (key === 'locale') return locale
            if (key === 'dir') return RTL.has(locale) ? 'rtl' : 'ltr'
            if (typeof table[key] !== 'string') this.error(`i18n/server/${locale}.json has no "${key}" for ${name}.html`)
            return escaped(table[key])
          })
          this.emitFile({ type: 'asset', fileName: `${name}.${locale}.html`, source })
        }
      }
    },
  }
}

await build({
  ...shared,
  root: path('widget'),
  base: '/widget/',
  plugins: [localePages(['link', 'sent', 'test'])],
  build: {
    ...output,
    outDir: path('dist/widget'),
    emptyOutDir: true,
    manifest: true,
    rollupOptions: { input: ['frame', 'link', 'sent', 'test'].map((name) => path(`widget/${name}.html`)) },
  },
})

// The loader is a classic script that needs its own <script> element: one file, no imports.
const launcherWords = Object.fromEntries(
  Object.entries(catalogue('widget')).map(([locale, words]) => [
    locale,
    ['launcher.open', 'launcher.close', 'launcher.unread', 'launcher.frame'].map((key) => words[key]),
  ]),
)
await build({
  ...shared,
  define: { __LAUNCHER_WORDS__: JSON.stringify(launcherWords) },
  build: {
    ...output,
    outDir: path('dist/widget'),
    emptyOutDir: false,
    copyPublicDir: false,
    lib: { entry: path('widget/loader.ts'), formats: ['iife'], name: 'sevaLoader', fileName: () => 'loader.js' },
  },
})

await build({
  ...shared,
  root: path('shop'),
  base: '/demo/shop/',
  build: { ...output, outDir: path('dist/shop'), emptyOutDir: true, rollupOptions: { input: path('shop/index.html') } },
})
