// How it looks and reads: axe on every route in light and dark, both directions and three widths; Arabic from right to left; a phone; no sideways scrolling.
// E2E_SHOTS=folder keeps the pictures.
import assert from 'node:assert/strict'
import { randomUUID } from 'node:crypto'
import { join } from 'node:path'
import { after, before, describe, test } from 'node:test'
import { reasonToSkip, startSeva } from './lib/seva.mjs'
import { axe, launch, open, openConsole } from './lib/browser.mjs'

const SETTINGS = ['profile', 'security', 'appearance', 'notifications', 'keys', 'account', 'channels', 'agents', 'teams', 'roles', 'views', 'tags', 'tokens', 'webhooks', 'jobs', 'quarantine', 'audit']
const WIDTHS = [[1440, 900], [1000, 760], [390, 800]]
const TALKS = [
  ['Maya Fernández', 'Hello, my parcel has not arrived. See https://shop.example/orders/1234'],
  ['রহিমা খাতুন', 'আমার অর্ডার এখনও আসেনি, একটু দেখবেন?'],
  ['أحمد المنصوري', 'مرحبا، أريد إرجاع المنتج لأن المقاس غير مناسب'],
  ['陈晓明', '我的退款什么时候到账？'],
  ['A person with an exceedingly long display name that never seems to come to any end', 'x'.repeat(300)],
]
const shot = async (page, name) => {
  if (process.env.E2E_SHOTS) await page.screenshot({ path: join(process.env.E2E_SHOTS, name + '.png') })
}

describe('looks', { skip: reasonToSkip() }, () => {
  let seva, browser, talk
  const settled = async (page) => {
    await page.locator('#main').waitFor()
    await page.waitForFunction(() => !document.querySelector('#main .spinner, .lazy'))
  }
  before(async () => {
    seva = await startSeva()
    browser = await launch()
    for (const [at, [name, text]] of TALKS.entries()) await seva.inbound({ id: 'contact-' + at, name, email: `contact${at}@example.org` }, text)
    talk = await seva.conversation((one) => one.contact.name === TALKS[4][0])
    await seva.call('PUT', `/conversations/${talk.id}/tags`, { tags: ['vip', 'shipping', 'রিফান্ড'] })
    await seva.call('PATCH', '/conversations/' + talk.id, { priority: 'urgent' })
    await seva.call('POST', `/conversations/${talk.id}/messages`, { kind: 'note', text: 'A note', client_id: randomUUID() })
    await seva.call('POST', '/webhooks', { name: 'CRM', url: 'https://crm.example/hook', events: ['*'], is_enabled: false })
  })
  after(async () => {
    await browser?.close()
    await seva?.stop()
  })

  for (const scheme of ['light', 'dark']) {
    for (const locale of ['en-US', 'ar']) {
      for (const [width, height] of WIDTHS) {
        test(`no_axe_violation_on_any_route_${scheme}_${locale}_${width}`, async () => {
          const door = await open(browser, { width, height, scheme, locale })
          await door.goto(seva.url + '/app/')
          await door.locator('input[type=email]').waitFor()
          const found = (await axe(door)).map((one) => 'sign-in ' + one)
          await door.context().close()

          const page = await openConsole(browser, seva, { width, height, scheme, locale, look: { locale: locale.slice(0, 2) } })
          await page.evaluate(async (language) => {
            const { csrf } = await (await fetch('/api/v1/session')).json()
            await fetch('/api/v1/me', { method: 'PATCH', headers: { 'Content-Type': 'application/json', 'X-Seva-CSRF': csrf }, body: JSON.stringify({ locale: language }) })
          }, locale.slice(0, 2))
          const channels = [seva.widget, seva.api].map((one) => 'settings/channels/' + one.id)
          for (const route of ['inbox/all', `inbox/all/${talk.id}`, 'contacts', 'contacts/' + talk.contact.id, 'guide', ...SETTINGS.map((one) => 'settings/' + one), ...channels]) {
            await page.goto(`${seva.url}/app/${route}`)
            await settled(page)
            found.push(...(await axe(page)).map((one) => `${route} ${one}`))
            assert.equal(await page.evaluate(() => document.documentElement.dir), locale === 'ar' ? 'rtl' : 'ltr')
            assert.ok(await page.evaluate(() => document.documentElement.scrollWidth <= innerWidth), `${route} scrolls sideways`)
            await shot(page, `${route.replaceAll('/', '-')}-${width}-${scheme}-${locale.slice(0, 2)}`)
          }
          await page.keyboard.press('Control+k')
          await page.locator('dialog[open]').waitFor()
          found.push(...(await axe(page)).map((one) => `palette ${one}`))
          assert.deepEqual(found, [])
          assert.deepEqual(page.problems, [])
          await page.context().close()
        })
      }
    }
  }

  test('on_a_phone_one_pane_shows_with_a_way_back_and_the_composer_in_sight', async () => {
    const page = await openConsole(browser, seva, { width: 390, height: 780, mobile: true })
    await page.goto(seva.url + '/app/inbox/all')
    await page.locator('.row').first().tap()
    await page.locator('.message').first().waitFor()
    assert.equal(await page.locator('.pane-list').count(), 0)
    const box = await page.locator('.composer').boundingBox()
    assert.ok(box.y + box.height <= 780)
    for (const button of await page.locator('button:visible, a[href]:visible').all()) {
      const size = await button.boundingBox()
      if (size && !(await button.evaluate((element) => getComputedStyle(element).display === 'inline' || element.closest('.skip')))) assert.ok(size.width >= 24 && size.height >= 24, `${await button.evaluate((element) => element.outerHTML.slice(0, 80))} is ${size.width}×${size.height}`)
    }
    await page.locator('.conversation-head .icon-button').first().tap()
    await page.locator('.row').first().waitFor()
    await page.context().close()
  })

  test('the_theme_of_the_profile_stands_before_the_first_paint', async () => {
    const page = await openConsole(browser, seva, { scheme: 'light' })
    await page.goto(seva.url + '/app/settings/appearance')
    await page.locator('input[type=radio]').nth(2).check()
    await page.route('**/assets/*.js', (route) => route.abort())
    await page.goto(seva.url + '/app/inbox/all', { waitUntil: 'domcontentloaded' })
    assert.equal(await page.evaluate(() => document.documentElement.dataset.theme), 'dark')
    await page.context().close()
  })
})
