// Searching everything in the console: while one types, in several scripts, marked where it fits; narrowed; opened at the message that was found, also
// when that lies far back; questions that cannot be; a narrow window, right to left. E2E_SHOTS=folder keeps pictures.
import assert from 'node:assert/strict'
import { join } from 'node:path'
import { after, before, describe, test } from 'node:test'
import { OWNER, reasonToSkip, startSeva, until } from './lib/seva.mjs'
import { axe, drawn, launch, openConsole, words } from './lib/browser.mjs'

const en = words('console', 'en')
const own = words('search', 'en')
const shot = async (page, name) => {
  if (process.env.E2E_SHOTS) await page.screenshot({ path: join(process.env.E2E_SHOTS, name + '.png') })
}

describe('search', { skip: reasonToSkip() }, () => {
  let seva, browser
  const hits = (page) => page.locator('.search-hit')
  const marks = (page) => page.locator('.search-hit mark').allInnerTexts()
  const found = (q) => seva.call('GET', '/search?q=' + encodeURIComponent(q))

  before(async () => {
    seva = await startSeva()
    browser = await launch()
    const say = (id, who, text) => seva.inbound({ id: who, name: who }, text, id)
    await say('b1', 'রহিমা', 'আমার টাকা কোথায়? অর্ডার ১০০২৩')
    await say('b2', 'Karim', 'টাকি মাছ')
    await say('c1', '王小明', '我的订单还没有到，请退款')
    await say('a1', 'ليلى', 'أَيْنَ طَلَبِي رقم ١٠٠٢٣؟')
    await say('e1', 'Asha Rao', 'My teapot arrived broken, order 10023')
    for (let i = 0; i < 130; i++) await say('e' + (i + 2), 'Asha Rao', `line ${i}`)
    await until(async () => (await found('"line 129"')).items.length, 'what was said being found')
  })
  after(async () => {
    await browser?.close()
    await seva?.stop()
  })

  test('it_finds_while_one_types_in_every_script_and_marks_what_fits', async () => {
    const page = await openConsole(browser, seva, { path: 'inbox/all' })
    await page.getByRole('link', { name: en['nav.search'] }).click()
    await page.getByText(own['start']).waitFor()
    await shot(page, 'search-start')
    assert.deepEqual(await axe(page), [])
    const box = page.getByRole('searchbox', { name: en['command.go_search'] })
    await box.pressSequentially('teap')
    await hits(page).first().waitFor()
    assert.deepEqual(await marks(page), ['teapot'])
    await box.fill('টাকা')
    await page.locator('.search-hit mark', { hasText: 'টাকা' }).waitFor()
    assert.deepEqual(await marks(page), ['টাকা'])
    await box.fill('订单')
    await page.locator('.search-hit mark', { hasText: '订单' }).waitFor()
    await box.fill('10023')
    await page.waitForFunction(() => document.querySelectorAll('.search-hit').length === 3)
    await shot(page, 'search-numbers')
    assert.deepEqual(await axe(page), [])
    assert.match(page.url(), /\?q=10023$/)
    await page.reload()
    await page.waitForFunction(() => document.querySelectorAll('.search-hit').length === 3)
    // Asked for while the space after it stands there: the next word does not grow on to it.
    await box.fill('teapot ')
    await page.waitForURL(/\?q=teapot$/)
    await drawn(page)
    await box.pressSequentially('broken')
    assert.equal(await box.inputValue(), 'teapot broken')
    await box.fill('10023 -teapot from:ليلى')
    await page.waitForFunction(() => document.querySelectorAll('.search-hit').length === 1)
    await page.context().close()
  })

  test('what_is_asked_is_narrowed_and_what_cannot_be_is_said', async () => {
    const page = await openConsole(browser, seva, { path: 'search?q=Asha' })
    await hits(page).first().waitFor()
    await page.getByRole('button', { name: own['kind.contacts'] }).click()
    await page.waitForFunction(() => document.querySelectorAll('.search-hit').length === 1)
    assert.equal(await page.getByRole('button', { name: own['kind.contacts'] }).getAttribute('aria-pressed'), 'true')
    const box = page.getByRole('searchbox')
    await box.fill('xyzzy')
    await page.getByText(own['none_hint']).waitFor()
    await page.getByRole('button', { name: own['kind.all'] }).click()
    const typed = page.waitForResponse((answer) => /q=tea[^&]*yesterday.*typing=true/.test(answer.url()))
    await box.fill('tea before:yesterday ')
    await typed
    await box.press('Enter') // the same words, but nothing goes on
    await page.getByText(own['fault.before'].replace('{typed}', '\u2068before:yesterday\u2069')).waitFor()
    assert.equal(await page.getByRole('alert').getByRole('button').count(), 0, 'the same again would be refused again')
    await shot(page, 'search-fault')
    await box.fill('frm:asha teapot')
    await page.getByText(own['fault.unknown'].split('{typed}')[1].split('{fields}')[0].trim(), { exact: false }).waitFor()
    await page.locator('.empty', { hasText: 'frm:asha' }).waitFor()
    await box.fill('line')
    await page.getByRole('button', { name: en['common.more'] }).click()
    await page.waitForFunction(() => document.querySelectorAll('.search-hit').length === 40)
    await page.context().close()
  })

  test('a_message_far_back_is_opened_where_it_stands', async () => {
    const page = await openConsole(browser, seva, { path: 'search?q=teapot' })
    await hits(page).first().getByRole('link').click()
    const message = page.locator('.is-found')
    await message.waitFor()
    assert.match(await message.textContent(), /My teapot arrived broken/)
    await until(async () => {
      const { y } = await message.boundingBox()
      return y > 0 && y < page.viewportSize().height
    }, 'the message standing in the window')
    await shot(page, 'search-opened')
    await page.context().close()
  })

  test('a_message_3500_back_is_opened_at_once_and_one_scrolls_both_ways_from_it', async () => {
    const MESSAGES = 3600, BATCH = 100
    for (let from = 0; from < MESSAGES; from += BATCH) {
      const messages = Array.from({ length: BATCH }, (_, i) => ({ id: `far-${from + i}`, contact: { id: 'Far Away', name: 'Far Away' }, text: `entry ${from + i} of the log` }))
      await seva.call('POST', `/channels/${seva.api.id}/inbound`, { messages })
    }
    await until(async () => (await found('"entry 3599"')).items.length, 'the last entry being found')
    const page = await openConsole(browser, seva, { path: 'search?q=' + encodeURIComponent('"entry 60 of"') })
    let pages = 0
    page.on('request', (request) => (pages += /\/conversations\/\d+\/messages\?/.test(request.url())))
    await hits(page).first().getByRole('link').click()
    const message = page.locator('.is-found')
    await message.waitFor()
    assert.match(await message.textContent(), /entry 60 of the log/)
    await until(async () => {
      const box = await message.boundingBox()
      return box && box.y > 0 && box.y < page.viewportSize().height
    }, 'the message standing in the window')
    assert.ok(pages <= 4, `${pages} pages were fetched: the newest, the one around it, perhaps one on each side`)
    assert.doesNotMatch(page.url(), /message=/)
    const newest = page.getByRole('button', { name: own['newest'] })
    await newest.waitFor()
    await shot(page, 'search-far-back')
    assert.deepEqual(await axe(page), [])
    const entry = (n) => page.locator('.timeline').getByText(`entry ${n} of the log`, { exact: true })
    const log = page.locator('.timeline')
    const scroll = (top) => log.evaluate((element, to) => element.scrollTo({ top: to < 0 ? element.scrollHeight : to }), top)
    const reach = (n, top) => until(async () => {
      await scroll(top)
      return entry(n).count()
    }, `entry ${n} being there`)
    // Up to the first one, where nothing jumps, and down again past what was there.
    await reach(0, 0)
    await reach(160, -1)
    assert.equal(await entry(3599).count(), 0)
    const order = await page.locator('.timeline-item').evaluateAll((items) => items.map((one) => Number(/entry (\d+) of/.exec(one.textContent)?.[1] ?? -1)).filter((n) => n >= 0))
    assert.deepEqual(order, order.map((_, i) => i), 'each entry once and in its place')
    // What comes in meanwhile waits at the end; the way there leads to it.
    await seva.inbound({ id: 'Far Away', name: 'Far Away' }, 'entry 3600 of the log', 'far-3600')
    const below = page.locator('.timeline-jump', { hasText: '1' })
    await below.waitFor()
    assert.equal(await entry(3600).count(), 0)
    await below.click()
    await entry(3600).waitFor()
    await until(() => log.evaluate((element) => element.scrollHeight - element.scrollTop - element.clientHeight < 80), 'standing at the end')
    assert.equal(await entry(160).count(), 0)
    assert.equal(await page.locator('.timeline-jump').count(), 0)
    await page.context().close()
  })

  test('from_far_back_one_scrolls_into_the_newest_or_answers_there', async () => {
    const path = async (q) => {
      const { items } = await found(q)
      return `inbox/all/${items[0].conversation.id}?message=${items[0].message.id}`
    }
    const page = await openConsole(browser, seva, { path: await path('"entry 3420 of"') })
    await page.locator('.is-found').waitFor()
    const log = page.locator('.timeline')
    await until(async () => {
      await log.evaluate((element) => element.scrollTo({ top: element.scrollHeight }))
      return log.getByText('entry 3600 of the log', { exact: true }).count()
    }, 'the newest being there')
    await until(async () => !(await page.locator('.timeline-jump').count()), 'nothing being left below')
    const order = await page.locator('.timeline-item').evaluateAll((items) => items.map((one) => Number(/entry (\d+) of/.exec(one.textContent)?.[1] ?? -1)).filter((n) => n >= 0))
    assert.deepEqual(order, order.map((_, i) => order[0] + i), 'no entry is missing between')
    assert.ok(order[0] <= 3420)
    await page.context().close()
    const other = await openConsole(browser, seva, { path: await path('"entry 60 of"') })
    await other.locator('.is-found').waitFor()
    await other.locator('.composer textarea').first().fill('We are looking into it.')
    await other.keyboard.press('Control+Enter')
    await other.locator('.timeline').getByText('We are looking into it.').waitFor()
    assert.equal(await other.locator('.timeline').getByText('entry 60 of the log', { exact: true }).count(), 0)
    await other.context().close()
  })

  test('the_palette_leads_to_the_whole_search', async () => {
    const page = await openConsole(browser, seva, { path: 'inbox/all' })
    await page.keyboard.press('Control+K')
    await page.keyboard.type('teapot')
    await page.getByText(en['palette.search_all'].replace('{query}', 'teapot')).click()
    await hits(page).first().waitFor()
    await page.context().close()
  })

  test('it_fits_a_phone_and_reads_from_right_to_left', async () => {
    await seva.as(OWNER, 'PATCH', '/me', { locale: 'ar' })
    const page = await openConsole(browser, seva, { path: 'search?q=10023', locale: 'ar', look: { locale: 'ar' }, scheme: 'dark', width: 390, height: 800 })
    await hits(page).first().waitFor()
    await shot(page, 'search-ar-narrow')
    assert.deepEqual(await axe(page), [])
    assert.ok(await page.evaluate(() => document.documentElement.scrollWidth <= innerWidth))
    await page.context().close()
  })
})
