// Lists that are longer than a page: a page that does not come is said and asked for again, nobody who reads far down is thrown back, and old days
// are told from new ones.
import assert from 'node:assert/strict'
import { describe, test } from 'node:test'
import { reasonToSkip, until } from './lib/seva.mjs'
import { axe, hears, openConsole, withConsole, words } from './lib/browser.mjs'

const en = words('console', 'en')
const MANY = 170
const LINES = 130

describe('pages of lists', { skip: reasonToSkip() }, () => {
  let seva, browser, long
  const rows = (page) => page.locator('.list-scroll')
  const down = (page) => rows(page).evaluate((element) => element.scrollTo({ top: element.scrollHeight }))
  /** How many conversations the list holds, also those that are not drawn. */
  const held = (page) => page.locator('.list').evaluate((element) => Math.round(element.offsetHeight / 84))
  const top = (page) => rows(page).evaluate((element) => element.scrollTop)
  const failure = (page) => page.getByRole('alert').filter({ hasText: en['error.offline'] })

  withConsole(async (made) => {
    ;({ seva, browser } = made)
    const send = (messages) => seva.call('POST', `/channels/${seva.api.id}/inbound`, { messages })
    await send(Array.from({ length: 100 }, (_, i) => ({ id: `l${i}`, contact: { id: 'Long', name: 'Long Talker' }, text: `line ${i}` })))
    await send(Array.from({ length: LINES - 100 }, (_, i) => ({ id: `l${100 + i}`, contact: { id: 'Long', name: 'Long Talker' }, text: `line ${100 + i}` })))
    for (const from of [0, 100]) {
      await send(Array.from({ length: Math.min(100, MANY - from) }, (_, i) => ({ id: `m${from + i}`, contact: { id: `c${from + i}`, name: `Customer ${from + i}` }, text: `where is parcel ${from + i}` })))
    }
    long = await seva.conversation((one) => one.contact.name === 'Long Talker')
    await until(async () => (await seva.call('GET', '/conversations?q=' + encodeURIComponent(`"parcel ${MANY - 1}"`))).items.length, 'the last one being found')
  })

  test('a_page_of_the_list_that_does_not_come_is_said_and_asked_for_again', async () => {
    const page = await openConsole(browser, seva, { path: 'inbox/all' })
    await page.route(/\/conversations\?.*cursor=/, (route) => route.abort())
    await page.locator('[data-row]').first().waitFor()
    await down(page)
    await failure(page).waitFor()
    const { y, height } = await failure(page).boundingBox()
    assert.ok(y + height <= page.viewportSize().height, 'it stands in the window')
    assert.deepEqual(await axe(page), [])
    assert.equal(await held(page), 50)
    await page.unrouteAll({ behavior: 'wait' })
    await failure(page).getByRole('button', { name: en['common.retry'] }).click()
    await until(async () => (await held(page)) > 50, 'the next page being there')
    assert.equal(await failure(page).count(), 0)
    assert.deepEqual(page.problems, [])
    await page.context().close()
  })

  test('older_messages_that_do_not_come_are_said_and_asked_for_again', async () => {
    const page = await openConsole(browser, seva, { path: 'inbox/all/' + long.id })
    await page.route(/\/messages\?.*cursor=/, (route) => route.abort())
    await page.locator('.timeline').getByText(`line ${LINES - 1}`, { exact: true }).waitFor()
    await page.locator('.timeline').evaluate((element) => element.scrollTo({ top: 0 }))
    await failure(page).waitFor()
    await page.unrouteAll({ behavior: 'wait' })
    await failure(page).getByRole('button', { name: en['common.retry'] }).click()
    await until(async () => (await page.locator('.timeline-item').count()) > 50, 'the older page being there')
    assert.equal(await failure(page).count(), 0)
    assert.deepEqual(page.problems, [])
    await page.context().close()
  })

  test('what_did_not_come_while_the_line_was_down_comes_with_the_line', async () => {
    const page = await openConsole(browser, seva, { path: 'inbox/all' })
    await hears(page)
    await page.locator('[data-row]').first().waitFor()
    await seva.kill()
    await page.locator('html[data-stream=offline]').waitFor({ state: 'attached' })
    await down(page)
    await failure(page).waitFor()
    await seva.start()
    await until(async () => (await held(page)) > 50, 'the next page being there')
    assert.equal(await failure(page).count(), 0)
    await page.context().close()
  })

  test('what_comes_in_does_not_throw_back_who_reads_far_down_a_search', async () => {
    const page = await openConsole(browser, seva, { path: 'inbox/all' })
    await hears(page)
    await page.getByLabel(en['inbox.search']).first().fill('parcel')
    await page.waitForResponse((answer) => /\/conversations\?.*q=parcel/.test(answer.url()))
    await until(async () => {
      await down(page)
      return (await held(page)) >= MANY
    }, 'the whole list being there')
    const before = await top(page)
    const again = page.waitForResponse((answer) => /\/conversations\?.*q=parcel/.test(answer.url()) && !/cursor=/.test(answer.url()))
    await seva.inbound({ id: 'other', name: 'Somebody Else' }, 'something else')
    await again
    await page.waitForFunction(() => !document.querySelector('.list-head .spinner'))
    assert.ok((await held(page)) >= MANY, 'the rows are still there')
    assert.equal(await top(page), before)
    await page.context().close()
  })

  test('who_comes_back_to_the_list_finds_it_where_it_was', async () => {
    for (const width of [1440, 390]) {
      const page = await openConsole(browser, seva, { path: 'inbox/all', width })
      await page.locator('[data-row]').first().waitFor()
      await until(async () => {
        await down(page)
        return (await held(page)) > 150
      }, 'many rows being there')
      await rows(page).evaluate((element) => element.scrollTo({ top: 6000 }))
      await until(async () => (await top(page)) === 6000, 'the list standing there')
      if (width < 600) await page.locator('[data-row]').nth(8).click()
      else await page.getByRole('link', { name: en['nav.search'] }).click()
      await page.locator('.list-scroll').waitFor({ state: 'detached' })
      await page.goBack()
      await page.locator('[data-row]').first().waitFor()
      assert.ok(Math.abs((await top(page)) - 6000) < 84 * 9, `at ${await top(page)}`)
      assert.deepEqual(page.problems, [])
      await page.context().close()
    }
  })

  test('contacts_that_do_not_come_are_asked_for_again_where_they_are_missing', async () => {
    const page = await openConsole(browser, seva, { path: 'contacts' })
    const people = page.locator('.contact-row')
    await people.nth(49).waitFor()
    await page.route(/\/contacts\?.*cursor=/, (route) => route.abort())
    await page.getByRole('button', { name: en['common.more'] }).click()
    await failure(page).waitFor()
    assert.equal(await people.count(), 50)
    await page.unrouteAll({ behavior: 'wait' })
    await failure(page).getByRole('button', { name: en['common.retry'] }).click()
    await people.nth(99).waitFor()
    await page.route(/\/contacts\/\d+$/, (route) => route.fulfill({ status: 502, contentType: 'text/html', body: '<h1>Bad Gateway</h1>' }))
    await people.nth(60).click()
    await failure(page).waitFor()
    await page.unrouteAll({ behavior: 'wait' })
    await failure(page).getByRole('button', { name: en['common.retry'] }).click()
    await page.locator('.contact-page').waitFor()
    assert.equal(await failure(page).count(), 0)
    await page.context().close()
  })

  test('a_day_of_another_year_is_named_with_its_year', async () => {
    const year = String(new Date().getFullYear())
    const page = await openConsole(browser, seva, { path: 'inbox/all/' + long.id })
    assert.doesNotMatch(await page.locator('.timeline-day').first().textContent(), new RegExp(year))
    await page.clock.setFixedTime(Date.now() + 400 * 86_400_000)
    await page.reload()
    await page.locator('.timeline-day').first().waitFor()
    assert.match(await page.locator('.timeline-day').first().textContent(), new RegExp(year))
    assert.match(await page.locator('.row-age').first().textContent(), new RegExp(year))
    await page.context().close()
  })
})
