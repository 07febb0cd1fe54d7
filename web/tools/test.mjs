// Runs the unit tests of the web code: bundles every *.test.ts of console/, shared/, widget/ and tools/
// for Node and hands them to node:test. Run: npm test (in web/); arguments filter by path;
// --tap for machines (npm run test:tap).
import { spawnSync } from 'node:child_process'
import { mkdtempSync, readdirSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join, relative } from 'node:path'
import { fileURLToPath } from 'node:url'
import { build } from 'esbuild'

const root = fileURLToPath(new URL('..', import.meta.url))
const find = (folder) =>
  readdirSync(folder, { withFileTypes: true }).flatMap((entry) => {
    const path = join(folder, entry.name)
    if (entry.isDirectory()) return entry.name === 'node_modules' ? [] : find(path)
    return /\.test\.tsx?$|\.test\.mjs$/.test(entry.name) ? [path] : []
  })

const isTap = process.argv.includes('--tap')
const wanted = process.argv.slice(2).filter((text) => text !== '--tap')
const files = ['console', 'shared', 'widget', 'tools']
  .flatMap((part) => find(join(root, part)))
  .filter((file) => wanted.length === 0 || wanted.some((text) => file.includes(text)))
/** The address of a worker's file is the page's matter. */
const workerUrls = {
  name: 'worker-urls',
  setup(builder) {
    builder.onResolve({ filter: /\?worker&url$/ }, ({ path }) => ({ path, namespace: 'worker-url' }))
    builder.onLoad({ filter: /.*/, namespace: 'worker-url' }, () => ({ contents: "export default ''" }))
  },
}
const out = mkdtempSync(join(tmpdir(), 'seva-web-test-'))
try {
  const made = files.map((file) => ({ in: file, out: relative(root, file).replace(/[/\\]/g, '_').replace(/\.[a-z]+$/, '') }))
  await build({
    entryPoints: made,
    outdir: out,
    outExtension: { '.js': '.mjs' },
    bundle: true,
    platform: 'node',
    format: 'esm',
    target: 'node18',
    jsx: 'automatic',
    jsxImportSource: 'preact',
    loader: { '.css': 'empty' },
    plugins: [workerUrls],
    // What browsers have and Node 18 does not offer by itself.
    banner: {
      js: `import { createRequire as makeRequire } from 'node:module'; import { webcrypto as hostCrypto } from 'node:crypto';
const require = makeRequire(import.meta.url); globalThis.crypto ??= hostCrypto;`,
    },
    define: { 'process.env.WEB_ROOT': JSON.stringify(root) },
    logLevel: 'warning',
  })
  const run = spawnSync(process.execPath, ['--test', ...(isTap ? ['--test-reporter=tap'] : []), ...made.map(({ out: name }) => join(out, `${name}.mjs`))], { stdio: 'inherit' })
  process.exitCode = run.status ?? 1
} finally {
  rmSync(out, { recursive: true, force: true })
}
