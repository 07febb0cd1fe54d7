// Chromium for the browser tests, and the few walks that every test begins with.
import { after, before } from 'node:test'
import { createRequire } from 'node:module'
import { existsSync, readFileSync } from 'node:fs'
import { fileURLToPath } from 'node:url'
import { OWNER, PATIENCE_MS, startSeva } from './seva.mjs'

const require = createRequire(new URL('../../../web/package.json', import.meta.url))
const { chromium } = require('playwright-core')
const AXE = readFileSync(require.resolve('axe-core/axe.min.js'), 'utf8')

export const words = (area, locale) => JSON.parse(readFileSync(fileURLToPath(new URL(`../../../i18n/${area}/${locale}.json`, import.meta.url)), 'utf8'))

/** The same browser without the window around its pages, which nobody sees here: two thirds of the work. Where it is not, the whole one. */
const BROWSER = ['/usr/bin/chromium-headless-shell', '/usr/bin/chromium'].find(existsSync)

export function launch() {
  return chromium.launch({
    executablePath: process.env.CHROMIUM ?? BROWSER,
    args: ['--no-sandbox', '--disable-gpu', '--disable-quic', '--no-first-run', '--disable-background-networking', '--disable-component-update', '--disable-sync'],
  })
}

/** A seva and a browser for all tests of a `describe`: `ready` is given both before the first test, and they end after the last. */
export function withConsole(ready) {
  let seva, browser
  before(async () => {
    seva = await startSeva()
    browser = await launch()
    await ready({ seva, browser })
  })
  after(async () => {
    await browser?.close()
    await seva?.stop()
  })
}

/** A page of its own cookies and storage. What goes wrong inside it (script errors, broken policy) is kept in `page.problems`. */
export async function open(browser, { width = 1440, height = 900, scheme = 'light', locale = 'en-US', look, mobile = false, bypassCSP = false } = {}) {
  const context = await browser.newContext({ viewport: { width, height }, colorScheme: scheme, locale, hasTouch: mobile, isMobile: mobile, bypassCSP, serviceWorkers: 'block' })
  context.setDefaultTimeout(PATIENCE_MS)
  if (look) await context.addInitScript((value) => {
    if (!localStorage.getItem('seva.look')) localStorage.setItem('seva.look', JSON.stringify(value))
  }, look)
  const page = await context.newPage()
  page.problems = []
  page.on('pageerror', (error) => page.problems.push(String(error)))
  page.on('console', (message) => {
    if (message.type() === 'error' && !/Failed to load resource/.test(message.text())) page.problems.push(message.text())
  })
  return page
}

export async function signIn(page, seva, who = OWNER) {
  await page.goto(seva.url + '/app/')
  await page.locator('input[type=email]').fill(who.email)
  await page.locator('input[type=password]').fill(who.password)
  await page.locator('form button[type=submit]').click()
  await page.locator('.rail').waitFor()
}

/** A page of the console at `path` with the owner (or another agent) signed in. */
export async function openConsole(browser, seva, { path = '', ...options } = {}, who = OWNER) {
  const page = await open(browser, options)
  const { name, value } = await seva.session(who)
  await page.context().addCookies([{ name, value, url: seva.url, httpOnly: true, sameSite: 'Lax' }])
  await page.goto(`${seva.url}/app/${path}`)
  await page.locator('.rail').waitFor()
  return page
}

/** Waits until the page hears what happens: what is done from now on is told to it, also when it asks for nothing. */
export const hears = (page) => page.locator('html[data-stream=live]').waitFor({ state: 'attached' })

/** Requests like `pattern` are all answered with what the first of them was told, but not before `release`. `asked`: that one is here. */
export async function holdAnswers(page, pattern) {
  let release, isHere, first
  const released = new Promise((resolve) => (release = resolve))
  const asked = new Promise((resolve) => (isHere = resolve))
  await page.route(pattern, async (route) => {
    first ??= route.fetch()
    const response = await first
    isHere()
    await released
    await route.fulfill({ response })
  })
  return {
    asked,
    async release() {
      release()
      await page.unrouteAll({ behavior: 'wait' })
    },
  }
}

/** Waits until what the page was told so far has been drawn: what did not show by then was not done. A browser that has nothing to draw may leave a frame out. */
export const drawn = (page) =>
  page.evaluate(
    () =>
      new Promise((resolve) => {
        requestAnimationFrame(() => setTimeout(resolve, 0))
        setTimeout(resolve, 1000)
      }),
  )

const RULES = ['wcag2a', 'wcag2aa', 'wcag21a', 'wcag21aa', 'wcag22aa', 'best-practice']
/** The rules that look at colours: what another scheme can break. */
export const COLOURS = { type: 'rule', values: ['color-contrast', 'link-in-text-block'] }

/** axe-core's findings on what the page shows now, as short texts. */
export async function axe(page, where = 'html', runOnly = RULES) {
  if (!(await page.evaluate(() => 'axe' in window))) await page.evaluate(AXE)
  // Colours on their way from one to the other are nobody's design; those of what was just typed are on their way with the next frame.
  await drawn(page)
  await page.evaluate(() => {
    const ends = document.getAnimations().filter((one) => one.effect?.getComputedTiming().endTime !== Infinity).map((one) => one.finished.catch(() => {}))
    return Promise.race([Promise.all(ends), new Promise((resolve) => setTimeout(resolve, 2000))])
  })
  const result = await page.evaluate(
    ([selector, rules]) => window.axe.run(selector, { runOnly: rules, resultTypes: ['violations'] }),
    [where, runOnly],
  )
  return result.violations.flatMap((rule) => rule.nodes.map((node) => `${rule.id}: ${node.target.join(' ')}: ${node.any[0]?.message ?? rule.help}`))
}
