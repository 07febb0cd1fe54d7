// The console's build: web/console → web/dist/console, served under /app/ by the binary. The widget has its own config.
import { defineConfig } from 'vite'

const SERVER = process.env['SEVA_URL'] ?? 'http://127.0.0.1:8080'

export default defineConfig({
  root: new URL('./console', import.meta.url).pathname,
  base: '/app/',
  esbuild: { jsx: 'automatic', jsxImportSource: 'preact', legalComments: 'none' },
  build: {
    outDir: new URL('./dist/console', import.meta.url).pathname,
    emptyOutDir: true,
    target: 'es2022',
    assetsInlineLimit: 0,
    modulePreload: { polyfill: false },
    manifest: true,
    reportCompressedSize: true,
  },
  worker: { format: 'es' },
  server: { proxy: { '/api': SERVER, '/widget': SERVER, '/photos': SERVER } },
})
