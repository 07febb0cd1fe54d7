// The visitor's side of the browser tests: pages that carry the widget as a customer's would (on another
// origin, with whatever policy and style sheet the test wants), and the walks inside the chat.
import { randomUUID } from 'node:crypto'
import { createServer } from 'node:http'
import { after } from 'node:test'
import { launch, words } from './lib/browser.mjs'
import { OWNER, reasonToSkip, startSeva, until } from './lib/seva.mjs'

const escaped = (text) => text.replaceAll('&', '&amp;').replaceAll('"', '&quot;')

/** A seva whose owner answers at once and has a face, a page that carries its widget, and a browser; all gone after the last test of the file. */
export async function stage() {
  if (reasonToSkip()) return { skip: reasonToSkip() }
  const seva = await startSeva()
  after(() => seva.stop())
  await seva.call('PATCH', '/account', { undo_seconds: 0 })
  await asAgent(seva, 'PATCH', '/me', { name: 'Ada Lindqvist', introduction: 'Knows every teapot by name' })
  const host = await startHost(seva)
  after(() => host.close())
  const browser = await launch()
  after(() => browser.close())
  return { skip: false, seva, host, browser }
}

/** Serves one page on http://localhost:PORT, a different site than seva's 127.0.0.1. */
export async function startHost(seva, { csp = '', css = '', lang = 'en', attributes = '', script = '', body = '<h1>A shop</h1><p>With a page of its own.</p>' } = {}) {
  const html = `<!doctype html><html lang="${lang}"><head><meta charset="utf-8"><meta name="viewport" content="width=device-width, initial-scale=1"><title>A shop</title>
<link rel="icon" href="data:,"><link rel="stylesheet" href="/page.css"><script src="/page.js"></script></head><body>${body}
<script async src="${seva.url}/widget/loader.js" data-channel="${escaped(seva.widget.public_key)}" ${attributes}></script></body></html>`
  const server = createServer((request, response) => {
    const [type, text] = request.url.startsWith('/page.css') ? ['text/css', css] : request.url.startsWith('/page.js') ? ['text/javascript', script] : ['text/html; charset=utf-8', html]
    response.writeHead(200, { 'Content-Type': type, ...(csp && type.startsWith('text/html') ? { 'Content-Security-Policy': csp } : {}) })
    response.end(text)
  })
  await new Promise((resolve) => server.listen(0, 'localhost', resolve))
  const close = () =>
    new Promise((resolve) => {
      server.close(resolve)
      server.closeAllConnections()
    })
  return { url: `http://localhost:${server.address().port}/`, close }
}

/** Loads a page that carries the widget and waits until the launcher stands. */
export async function visit(page, url) {
  await page.goto(url)
  await page.waitForFunction(() => typeof window.Seva?.open === 'function')
}

/** The chat's frame (inside a closed shadow root, so found among the page's frames). */
export async function chatFrame(page) {
  let frame
  await until(async () => (frame = page.frames().find((one) => one.url().includes('/widget/frame'))) !== undefined, 'the chat frame')
  await frame.locator('.app').waitFor()
  return frame
}

export async function openChat(page) {
  await page.evaluate(() => window.Seva.open())
  return chatFrame(page)
}

/** Words of the widget in a locale, and locators by what a visitor sees. */
export function chat(frame, locale = 'en') {
  const t = words('widget', locale)
  return {
    t,
    box: frame.getByRole('textbox', { name: t['composer.label'] }),
    log: frame.getByRole('log'),
    message: (text) => frame.locator('.message', { hasText: text }),
    async say(text) {
      await this.box.fill(text)
      await frame.getByRole('button', { name: t['composer.send'], exact: true }).click()
    },
    /** Texts of all bubbles, oldest first. */
    texts: () => frame.locator('.message .bubble').allTextContents(),
  }
}

/** Everything the browser stored for anybody. */
export async function stored(page) {
  const here = () => {
    try {
      return Object.keys(localStorage).concat(Object.keys(sessionStorage))
    } catch {
      return []
    }
  }
  const keys = []
  for (const frame of page.frames()) keys.push(...(await frame.evaluate(here)))
  return { cookies: await page.context().cookies(), keys }
}

/** A call as the signed-in owner makes it from the console. */
export const asAgent = (seva, method, path, body) => seva.as(OWNER, method, path, body)

/** The agent answers what was said last. */
export async function answer(seva, conversationId, text) {
  const seen = (await seva.messages(conversationId)).at(-1).id
  return asAgent(seva, 'POST', `/conversations/${conversationId}/messages`, { kind: 'reply', text, client_id: randomUUID(), seen_message_id: seen })
}

export const settings = (seva, change) => seva.call('PATCH', `/channels/${seva.widget.id}`, { settings: change })
