// Searching everything in the console: while one types, in several scripts, marked where it fits; narrowed; opened at the message that was found, also
// when that lies far back; questions that cannot be; a narrow window, right to left. E2E_SHOTS=folder keeps pictures.
import assert from 'node:assert/strict'
import { join } from 'node:path'
import { after, before, describe, test } from 'node:test'
import { OWNER, reasonToSkip, startSeva, until } from './lib/seva.mjs'
import { axe, launch, openConsole, words } from './lib/browser.mjs'

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
    await box.fill('tea before:yesterday ')
    await box.press('Enter')
    await page.getByText('before: wants a day', { exact: false }).waitFor()
    await shot(page, 'search-fault')
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
