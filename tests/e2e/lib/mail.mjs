// The stage of the mail tests (web/console/test/mail_stage.tsx): the console's real parts for mails, bundled, under the address and the policy that
// the server gives the console, with nothing else on the page. Every request that any page makes is counted here and none leaves the machine.
import { createRequire } from 'node:module'
import { mkdtemp, readFile, rm } from 'node:fs/promises'
import { readdirSync, readFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'

const web = fileURLToPath(new URL('../../../web/', import.meta.url))
const { build } = createRequire(join(web, 'package.json'))('esbuild')
const PNG = Buffer.from('iVBORw0KGgoAAAANSUhEUgAAAAIAAAACCAIAAAD91JpzAAAAEElEQVR4nGOQizoBRAwQCgAgZgUBzVt+wAAAAABJRU5ErkJggg==', 'base64')

export const cases = () =>
  JSON.parse(readFileSync(new URL('../../data/mail_xss/cases.json', import.meta.url), 'utf8')).map(({ before = '', unit = '', times = 0, html, ...rest }) => ({ ...rest, html: before + unit.repeat(times) + html }))

/** What of `problems` is more than the sheet's policy saying what it refused while a hostile mail was read. */
export const beyondTheSheet = (problems) => problems.filter((one) => !/^(?:Setting the document's base URI to|Loading media from) .* violates the following Content Security Policy directive: "(?:base-uri|default-src) 'none'"/.test(one))

/** Bundles the stage once: name of the file → its bytes. */
export async function bundleStage() {
  const out = await mkdtemp(join(tmpdir(), 'seva-stage-'))
  try {
    await build({
      entryPoints: { stage: join(web, 'console/test/mail_stage.tsx') }, outdir: out, bundle: true, splitting: true, format: 'esm', target: 'es2022', jsx: 'automatic', jsxImportSource: 'preact', logLevel: 'warning',
      plugins: [{ name: 'worker-urls', setup(builder) {
        builder.onResolve({ filter: /\?worker&url$/ }, ({ path }) => ({ path, namespace: 'worker-url' }))
        builder.onLoad({ filter: /.*/, namespace: 'worker-url' }, () => ({ contents: "export default ''" }))
      } }],
    })
    return new Map(await Promise.all(readdirSync(out).map(async (name) => [name, await readFile(join(out, name))])))
  } finally {
    await rm(out, { recursive: true, force: true })
  }
}

/**
 * A page with the stage on it. `page.requests`: every request since the stage stood, as { url, type, headers }, but the stage's own files and
 * sheets; `page.popups`, `page.dialogs`, `page.problems`.
 */
export async function openStage(browser, seva, files, { query = '', width = 900, height = 800, scheme = 'light', locale = 'en-US' } = {}) {
  const context = await browser.newContext({ viewport: { width, height }, colorScheme: scheme, locale, timezoneId: 'Asia/Dhaka', serviceWorkers: 'block' })
  context.setDefaultTimeout(60_000)
  const page = await context.newPage()
  Object.assign(page, { requests: [], popups: [], dialogs: [], problems: [], answers: new Map() })
  const csp = (await fetch(seva.url + '/app/')).headers.get('content-security-policy')
  const html = `<!doctype html><html lang="en"><head><meta charset="utf-8"><meta name="viewport" content="width=device-width, initial-scale=1"><title>Stage</title><link rel="icon" href="data:,"><link rel="stylesheet" href="/app/stage/stage.css"><script type="module" src="/app/stage/stage.js"></script></head><body><main id="stage"></main></body></html>`
  await context.route('**/*', async (route) => {
    const request = route.request()
    const url = new URL(request.url())
    if (url.origin === seva.url && url.pathname === '/app/stage.html') return route.fulfill({ contentType: 'text/html; charset=utf-8', headers: { 'Content-Security-Policy': csp }, body: html })
    const file = url.origin === seva.url && url.pathname.startsWith('/app/stage/') ? files.get(url.pathname.slice('/app/stage/'.length)) : undefined
    if (file) return route.fulfill({ contentType: url.pathname.endsWith('.css') ? 'text/css' : 'text/javascript', body: file })
    if (url.origin === seva.url && /^\/app\/mail_sheet\.html$/.test(url.pathname) && url.search === '') return route.continue()
    page.requests.push({ url: request.url(), type: request.resourceType(), method: request.method(), headers: await request.allHeaders() })
    const answer = page.answers.get(`${request.method()} ${url.pathname}`)
    if (answer !== undefined) return route.fulfill(answer)
    return request.resourceType() === 'image' ? route.fulfill({ contentType: 'image/png', body: PNG }) : route.fulfill({ status: 200, contentType: 'text/html', body: '<title>elsewhere</title>' })
  })
  context.on('page', (popup) => page.popups.push(popup))
  page.on('dialog', (dialog) => {
    page.dialogs.push(dialog.message())
    void dialog.dismiss()
  })
  page.on('pageerror', (error) => page.problems.push(String(error)))
  page.on('console', (message) => {
    // The sandbox says each time what it keeps from running.
    if (message.type() === 'error' && !/Failed to load resource|^Blocked script execution in '[^']*\/app\/mail_sheet/.test(message.text())) page.problems.push(message.text())
  })
  await page.goto(`${seva.url}/app/stage.html${query}`)
  await page.waitForFunction(() => typeof window.stage?.showMail === 'function') // until the script ran, the name is the element with that id
  return page
}
