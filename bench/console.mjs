// How quickly the console answers a key: real Chromium, a real seva with the demo's conversations. Prints one line of JSON.
//   node bench/console.mjs --url http://127.0.0.1:PORT --email E --password P [--presses 120] [--gap 130] [--profile]
// What is measured is the browser's own Event Timing: from the key (as the browser process stamps it) to the next paint, rounded to 8 ms and told
// from 16 ms on; what is not told counts as 16. Script, style and layout time per key stand beside it (of everything that followed from the key,
// also after the paint): they say what the console costs where other work shares the processor. Of the walk with an open conversation it is also told
// how long the conversation itself took to stand in the page: what a key puts off must not come late.
import { createRequire } from 'node:module'

const require = createRequire(new URL('../web/package.json', import.meta.url))
const { chromium } = require('playwright-core')
const argument = (name, otherwise) => {
  const at = process.argv.indexOf('--' + name)
  return at < 0 ? otherwise : process.argv[at + 1]
}
const url = argument('url')
const presses = Number(argument('presses', 120))
const gapMs = Number(argument('gap', 130))
const FAST_MS = 16

/** Keeps every key pressed from here on, and what the Event Timing API tells of it. Both carry the event's own time. */
const watch = () => {
  window.pressed = []
  window.told = []
  const modifiers = ['Control', 'Shift', 'Alt', 'Meta']
  addEventListener('keydown', (event) => modifiers.includes(event.key) || window.pressed.push(event.timeStamp), { capture: true })
  new PerformanceObserver((list) => {
    for (const one of list.getEntries()) if (one.name === 'keydown') window.told.push([one.startTime, one.duration])
  }).observe({ type: 'event', durationThreshold: 16 })
  window.followed = []
  const name = () => document.querySelector('.conversation-sub span')?.textContent
  let last = name()
  new MutationObserver(() => {
    if (name() === last) return
    last = name()
    const pressedAt = window.pressed.at(-1)
    requestAnimationFrame(() => setTimeout(() => window.followed.push(performance.now() - pressedAt), 0))
  }).observe(document.body, { subtree: true, childList: true, characterData: true })
}

const at = (sorted, share) => sorted[Math.min(sorted.length - 1, Math.floor(sorted.length * share))]
const rounded = (value) => Math.round(value * 10) / 10

/** From each key to its paint in ms; a key of which nothing was told was painted within 16 ms. */
async function paints(page) {
  const [pressed, told] = await page.evaluate(() => [window.pressed.splice(0), window.told.splice(0)])
  const slow = new Map(told.map(([start, whole]) => [Math.round(start * 10), whole]))
  return pressed.map((time) => slow.get(Math.round(time * 10)) ?? FAST_MS).sort((a, b) => a - b)
}

/** From each key to the frame with the conversation it led to, in ms. */
async function followed(page) {
  const all = await page.evaluate(() => window.followed.splice(0))
  return all.sort((a, b) => a - b)
}

/**
 * Presses with a pause between, and tells what each key cost: until the paint, and the main thread's work for all that followed from it. `arrived` waits
 * for what the key leads to; only after the pause, because asking the page takes the processor from the paint that is measured.
 */
async function measure(page, cdp, name, press, count, arrived) {
  await paints(page)
  await followed(page)
  const before = await metrics(cdp)
  for (let n = 0; n < count; n++) {
    await press(n)
    await page.waitForTimeout(gapMs)
    await arrived?.(n)
  }
  await page.waitForTimeout(3 * gapMs)
  const after = await metrics(cdp)
  const all = await paints(page)
  const after_ms = await followed(page)
  const each = (key) => rounded(((after[key] - before[key]) * 1000) / all.length)
  return {
    name, keys: all.length, p50_ms: at(all, 0.5), p95_ms: at(all, 0.95), worst_ms: all.at(-1), script_ms: each('ScriptDuration'), style_ms: each('RecalcStyleDuration'), layout_ms: each('LayoutDuration'),
    ...(after_ms.length ? { followed: after_ms.length, followed_p50_ms: rounded(at(after_ms, 0.5)), followed_p95_ms: rounded(at(after_ms, 0.95)) } : {}),
  }
}

async function metrics(cdp) {
  const { metrics: all } = await cdp.send('Performance.getMetrics')
  return Object.fromEntries(all.map((one) => [one.name, one.value]))
}

async function main() {
  const browser = await chromium.launch({ executablePath: process.env.CHROMIUM ?? '/usr/bin/chromium', args: ['--no-sandbox', '--disable-gpu', '--no-first-run', '--disable-background-networking', '--disable-component-update', '--disable-sync'] })
  try {
    const page = await (await browser.newContext({ viewport: { width: 1440, height: 900 }, serviceWorkers: 'block' })).newPage()
    await page.goto(url + '/app/')
    await page.locator('input[type=email]').fill(argument('email'))
    await page.locator('input[type=password]').fill(argument('password'))
    await page.locator('form button[type=submit]').click()
    await page.locator('.rail').waitFor()
    await page.goto(url + '/app/inbox/all')
    await page.locator('.row').nth(3).waitFor()
    await page.evaluate(watch)
    const cdp = await page.context().newCDPSession(page)
    await cdp.send('Performance.enable')
    const profile = process.argv.includes('--profile')
    if (profile) {
      await cdp.send('Profiler.enable')
      await cdp.send('Profiler.setSamplingInterval', { interval: 500 })
      await cdp.send('Profiler.start')
    }
    const results = []
    // Down and up again and down, so that both fresh and known conversations are passed.
    const walk = (n) => page.keyboard.press(n % 40 < 25 ? 'j' : 'k')
    results.push(await measure(page, cdp, 'list', walk, presses))
    await page.keyboard.press('Enter')
    await page.locator('.message').first().waitFor()
    results.push(await measure(page, cdp, 'walk', walk, presses))
    await page.keyboard.press('r')
    const text = 'Thank you for waiting, we have looked into your order and it left our house this morning. '
    results.push(await measure(page, cdp, 'type', (n) => page.keyboard.press(text[n % text.length] === ' ' ? 'Space' : text[n % text.length]), presses))
    await page.locator('.composer textarea').fill('')
    await page.keyboard.press('Escape')
    const palette = () => page.keyboard.press('Control+k')
    const opened = (n) => page.locator('dialog[open]').waitFor({ state: n % 2 ? 'detached' : 'visible' })
    results.push(await measure(page, cdp, 'palette', palette, Math.ceil(presses / 4) * 2, opened))
    if (profile) {
      const { profile: taken } = await cdp.send('Profiler.stop')
      console.error(JSON.stringify(taken))
    }
    console.log(JSON.stringify(results))
  } finally {
    await browser.close()
  }
}

await main()
