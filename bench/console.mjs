// How quickly the console answers a key: real Chromium, a real seva with the demo's conversations. Prints one line of JSON.
//   node bench/console.mjs --url http://127.0.0.1:PORT --email E --password P [--presses 120] [--profile]
// What is measured is the browser's own Event Timing: from the key (as the browser process stamps it) to the next paint, which it rounds to
// 8 ms and tells from 16 ms on; what it does not tell was faster than that. Script and layout time per key are measured beside it, because
// they say what the console costs also where other work shares the processor.
import { createRequire } from 'node:module'

const require = createRequire(new URL('../web/package.json', import.meta.url))
const { chromium } = require('playwright-core')
const argument = (name, otherwise) => {
  const at = process.argv.indexOf('--' + name)
  return at < 0 ? otherwise : process.argv[at + 1]
}
const url = argument('url')
const presses = Number(argument('presses', 120))
const GAP_MS = 130

/** Everything the Event Timing API tells from here on, by the event's own time. */
const watch = () => {
  window.told = []
  new PerformanceObserver((list) => {
    for (const one of list.getEntries()) window.told.push({ name: one.name, start: one.startTime, delay: one.processingStart - one.startTime, work: one.processingEnd - one.processingStart, whole: one.duration })
  }).observe({ type: 'event', durationThreshold: 16, buffered: false })
}

const at = (sorted, share) => sorted[Math.min(sorted.length - 1, Math.floor(sorted.length * share))]
const rounded = (value) => Math.round(value * 10) / 10

/** Presses the keys with a pause between them and returns what each cost from the key to the paint. */
async function measure(page, cdp, name, press, count) {
  await page.evaluate(() => void (window.told = []))
  const before = await metrics(cdp)
  for (let n = 0; n < count; n++) {
    await press(n)
    await page.waitForTimeout(GAP_MS)
  }
  await page.waitForTimeout(300)
  const after = await metrics(cdp)
  const told = (await page.evaluate(() => window.told)).filter((one) => one.name === 'keydown')
  const paints = [...told.map((one) => one.whole), ...Array(Math.max(0, count - told.length)).fill(8)].sort((a, b) => a - b)
  const each = (key) => rounded(((after[key] - before[key]) * 1000) / count)
  return { name, count, p50_ms: at(paints, 0.5), p95_ms: at(paints, 0.95), worst_ms: paints.at(-1), script_ms: each('ScriptDuration'), style_ms: each('RecalcStyleDuration'), layout_ms: each('LayoutDuration'), task_ms: each('TaskDuration') }
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
    const palette = async () => {
      await page.keyboard.press('Control+k')
      await page.locator('dialog[open]').waitFor()
      await page.waitForTimeout(GAP_MS)
      await page.evaluate(() => window.told.push(...window.told.splice(0).map((one) => (one.name === 'keydown' && !one.kept ? { ...one, kept: true } : one))))
      await page.keyboard.press('Control+k')
    }
    results.push(await measure(page, cdp, 'palette', palette, Math.ceil(presses / 4)))
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
