// How it looks and reads: axe on every route in both directions and three widths, in dark from left to right; Arabic from right to left; a phone; no sideways scrolling.
// E2E_SHOTS=folder keeps the pictures.
import assert from 'node:assert/strict'
import { randomUUID } from 'node:crypto'
import { join } from 'node:path'
import { describe, test } from 'node:test'
import { OWNER, reasonToSkip } from './lib/seva.mjs'
import { axe, COLOURS, drawn, open, openConsole, withConsole } from './lib/browser.mjs'

const SETTINGS = ['profile', 'security', 'appearance', 'notifications', 'keys', 'account', 'channels', 'mail_keys', 'agents', 'teams', 'roles', 'views', 'tags', 'tokens', 'webhooks', 'jobs', 'quarantine', 'audit']
const WIDTHS = [[1440, 900], [1000, 760], [390, 800]]
const TALKS = [
  ['Maya Fernández', 'Hello, my parcel has not arrived. See https://shop.example/orders/1234'],
  ['রহিমা খাতুন', 'আমার অর্ডার এখনও আসেনি, একটু দেখবেন?'],
  ['أحمد المنصوري', 'مرحبا، أريد إرجاع المنتج لأن المقاس غير مناسب'],
  ['陈晓明', '我的退款什么时候到账？'],
  ['A person with an exceedingly long display name that never seems to come to any end', 'x'.repeat(300)],
]
/** Elements that one would have to scroll sideways: the page itself, or a part of it. */
const sideways = (page) =>
  page.evaluate(() => {
    const wide = (element) => element.scrollWidth > element.clientWidth + 1 && element.clientWidth > 0
    const scrolls = (element) => ['auto', 'scroll'].includes(getComputedStyle(element).overflowX) && !element.matches('pre, textarea')
    return [document.documentElement, ...document.querySelectorAll('body *')]
      .filter((element) => wide(element) && (element === document.documentElement || scrolls(element)))
      .map((element) => `${element.tagName.toLowerCase()}.${element.className} is ${element.scrollWidth} in ${element.clientWidth}`)
  })
const shot = async (page, name) => {
  if (process.env.E2E_SHOTS) await page.screenshot({ path: join(process.env.E2E_SHOTS, name + '.png') })
}

describe('looks', { skip: reasonToSkip() }, () => {
  let seva, browser, talk
  const settled = async (page) => {
    await page.locator('#main').waitFor()
    await page.waitForFunction(() => !document.querySelector('#main .spinner, .lazy'))
  }
  /** To another page of the console as a link goes there, without loading everything anew; `a_route_opens_by_its_address` does that. */
  const go = async (page, route) => {
    await page.evaluate((path) => {
      history.pushState(null, '', path)
      dispatchEvent(new PopStateEvent('popstate'))
    }, '/app/' + route)
    await drawn(page)
    await settled(page)
  }
  const routes = () => ['inbox/all', `inbox/all/${talk.id}`, 'contacts', 'contacts/' + talk.contact.id, 'guide', ...SETTINGS.map((one) => 'settings/' + one), ...[seva.widget, seva.api].map((one) => 'settings/channels/' + one.id)]
  withConsole(async (both) => {
    ;({ seva, browser } = both)
    for (const [at, [name, text]] of TALKS.entries()) await seva.inbound({ id: 'contact-' + at, name, email: `contact${at}@example.org` }, text)
    talk = await seva.conversation((one) => one.contact.name === TALKS[4][0])
    await seva.call('PUT', `/conversations/${talk.id}/tags`, { tags: ['vip', 'shipping', 'রিফান্ড'] })
    await seva.call('PATCH', '/conversations/' + talk.id, { priority: 'urgent' })
    await seva.call('POST', `/conversations/${talk.id}/messages`, { kind: 'note', text: 'A note', client_id: randomUUID() })
    await seva.call('POST', '/webhooks', { name: 'CRM', url: 'https://crm.example/hook', events: ['*'], is_enabled: false })
  })

  /** Everything in light; in dark what a scheme changes, the colours, which know no direction. */
  const inItsSchemes = async (page, name, hasDark) => {
    const found = (await axe(page)).map((one) => `${name} ${one}`)
    if (!hasDark && !process.env.E2E_SHOTS) return found
    await page.emulateMedia({ colorScheme: 'dark' })
    found.push(...(await axe(page, 'html', COLOURS)).map((one) => `${name} dark ${one}`))
    await shot(page, `${name.replaceAll('/', '-')}-dark`)
    await page.emulateMedia({ colorScheme: 'light' })
    await shot(page, `${name.replaceAll('/', '-')}-light`)
    return found
  }
  for (const locale of ['en-US', 'ar']) {
    for (const [width, height] of WIDTHS) {
      const hasDark = locale === 'en-US'
      test(`no_axe_violation_on_any_route_in_light${hasDark ? '_and_dark' : ''}_${locale}_${width}`, async () => {
        const look = `${width}-${locale.slice(0, 2)}`
        const door = await open(browser, { width, height, locale })
        await door.goto(seva.url + '/app/')
        await door.locator('input[type=email]').waitFor()
        const found = await inItsSchemes(door, 'sign-in-' + look, hasDark)
        await door.context().close()

        await seva.as(OWNER, 'PATCH', '/me', { locale: locale.slice(0, 2) })
        const page = await openConsole(browser, seva, { width, height, locale, path: 'guide', look: { locale: locale.slice(0, 2) } })
        for (const route of routes()) {
          await go(page, route)
          found.push(...(await inItsSchemes(page, `${route}-${look}`, hasDark)))
          assert.equal(await page.evaluate(() => document.documentElement.dir), locale === 'ar' ? 'rtl' : 'ltr')
          assert.deepEqual(await sideways(page), [], `${route} scrolls sideways`)
          assert.ok(await page.evaluate(() => document.documentElement.scrollHeight <= innerHeight), `${route}: the page itself scrolls`)
          assert.deepEqual(await page.evaluate(() => [...document.querySelectorAll('[dir=auto]:placeholder-shown')].filter((one) => getComputedStyle(one).direction !== document.dir).map((one) => one.outerHTML)), [], `${route}: hints stand on the wrong side`)
        }
        await page.keyboard.press('Control+k')
        await page.locator('dialog[open]').waitFor()
        found.push(...(await inItsSchemes(page, 'palette-' + look, hasDark)))
        assert.deepEqual(found, [])
        assert.deepEqual(page.problems, [])
        await page.context().close()
      })
    }
  }

  test('a_route_opens_by_its_address_and_scrolls_sideways_nowhere_at_four_hundred_percent', async () => {
    await seva.as(OWNER, 'PATCH', '/me', { locale: 'en' })
    // A window of 1280 by 1024 at 400 %.
    const page = await openConsole(browser, seva, { width: 320, height: 256 })
    for (const route of routes()) {
      await page.goto(`${seva.url}/app/${route}`)
      await settled(page)
      assert.deepEqual(await sideways(page), [], `${route} scrolls sideways`)
      await shot(page, `${route.replaceAll('/', '-')}-400-percent`)
    }
    await page.goto(`${seva.url}/app/inbox/all/${talk.id}`)
    await page.locator('.composer textarea').fill('Readable')
    await page.locator('[data-command=send]').click()
    await page.locator('.message-out', { hasText: 'Readable' }).waitFor()
    assert.deepEqual(page.problems, [])
    await page.context().close()
  })

  test('on_a_phone_one_pane_shows_with_a_way_back_and_the_composer_in_sight', async () => {
    const page = await openConsole(browser, seva, { width: 390, height: 780, mobile: true, path: 'inbox/all' })
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
    const page = await openConsole(browser, seva, { scheme: 'light', path: 'settings/appearance' })
    await page.locator('input[type=radio]').nth(2).check()
    await page.route('**/assets/*.js', (route) => route.abort())
    await page.goto(seva.url + '/app/inbox/all', { waitUntil: 'domcontentloaded' })
    assert.equal(await page.evaluate(() => document.documentElement.dataset.theme), 'dark')
    await page.context().close()
  })
})
