// A network without a way to it: a channel works by hand, the bookmarklet opens the page with what it saw, the post is in the inbox and answered there.
import assert from 'node:assert/strict'
import { join } from 'node:path'
import { after, before, describe, test } from 'node:test'
import { OWNER, reasonToSkip, startSeva } from './lib/seva.mjs'
import { axe, launch, openConsole, words } from './lib/browser.mjs'

const en = words('console', 'en')
const own = words('networks', 'en')
const POST = 'https://x.com/asha_r/status/1799000000000000001'
const TEXT = 'আমার পার্সেল কোথায়? @sevashop'

const shot = async (page, name) => {
  if (process.env.E2E_SHOTS) await page.screenshot({ path: join(process.env.E2E_SHOTS, name + '.png') })
}
const fits = (page) => page.evaluate(() => [document.documentElement, document.querySelector('#main')].every((one) => one.scrollWidth <= one.clientWidth + 1))

describe('capture', { skip: reasonToSkip() }, () => {
  let seva, browser, channel
  before(async () => {
    seva = await startSeva()
    browser = await launch()
  })
  after(async () => {
    await browser?.close()
    await seva?.stop()
  })

  test('a_channel_by_hand_is_made_without_credentials_and_says_so_in_list_and_page', async () => {
    const page = await openConsole(browser, seva, { path: 'settings/channels/connect-x' })
    await page.getByText(own['way.capture'], { exact: true }).click()
    assert.equal(await page.getByLabel(own['setting.bearer_token']).count(), 0)
    assert.equal(await page.getByRole('button', { name: own['check.test'] }).count(), 0)
    await page.getByLabel(en['channels.name']).fill('X by hand')
    await shot(page, 'capture-connect')
    await page.getByRole('button', { name: own['connect.go'], exact: true }).click()
    await page.getByRole('button', { name: en['channels.set_up'] }).click()
    await page.getByText(own['way.mark_hint']).waitFor()
    assert.match(await page.locator('.settings-title p').innerText(), /By hand/)
    assert.equal(await page.getByRole('heading', { name: own['hook.title'] }).count(), 0)
    await page.getByText(own['hook.mail']).waitFor()
    await page.getByText('/hooks/x/').waitFor()
    await page.getByRole('button', { name: own['hook.mail_secret'] }).waitFor()
    assert.equal(await page.getByLabel(own['setting.bearer_token']).count(), 0)
    assert.deepEqual(await axe(page), [])
    await shot(page, 'capture-channel')
    await page.getByRole('button', { name: en['settings.channels'] }).click()
    await page.locator('.rows-row', { hasText: 'X by hand' }).getByText(/By hand/).waitFor()
    channel = (await seva.call('GET', '/channels')).items.find((one) => one.kind === 'x')
    assert.equal(channel.settings.way, 'capture')
    assert.deepEqual(page.problems, [])
    await page.context().close()
  })

  test('the_bookmarklet_opens_the_page_with_what_it_saw_and_the_post_becomes_a_conversation', async () => {
    const page = await openConsole(browser, seva, { path: 'settings/channels/' + channel.id })
    const code = await page.getByRole('link', { name: own['way.mark'] }).getAttribute('href')
    await page.context().route('https://x.com/**', (route) => route.fulfill({ contentType: 'text/html', body: `<meta charset="utf-8"><meta property="og:description" content="${TEXT}"><meta name="author" content="Asha Rahman"><title>Asha on X</title><p>post` }))
    const network = await page.context().newPage()
    await network.goto(POST)
    const [capture] = await Promise.all([page.context().waitForEvent('page'), network.evaluate(decodeURIComponent(code.slice('javascript:'.length)))])
    await capture.getByLabel(own['capture.text']).waitFor()
    assert.equal(await capture.getByLabel(own['capture.url']).inputValue(), POST)
    assert.equal(await capture.getByLabel(own['capture.text']).inputValue(), TEXT)
    assert.equal(await capture.getByLabel(own['capture.author']).inputValue(), 'Asha Rahman')
    assert.equal(await capture.getByLabel(own['capture.handle']).inputValue(), '@asha_r')
    assert.deepEqual(await axe(capture), [])
    await shot(capture, 'capture-page')
    await capture.getByRole('button', { name: own['capture.go'], exact: true }).click()
    await capture.getByText(own['capture.done']).waitFor()
    await capture.getByRole('link', { name: own['capture.open'] }).click()
    await capture.locator('.message-in', { hasText: TEXT }).waitFor()
    await capture.locator('.window-warn a').waitFor()
    assert.equal(await capture.locator('.window-warn a').getAttribute('href'), POST)
    await page.context().close()
  })

  test('a_post_that_was_brought_in_before_leads_to_its_conversation', async () => {
    const page = await openConsole(browser, seva, { path: 'capture?' + new URLSearchParams({ url: POST, author: '@asha_r' }) })
    await page.getByRole('button', { name: own['capture.go'], exact: true }).click()
    await page.getByText(own['capture.known']).waitFor()
    await page.getByRole('link', { name: own['capture.open'] }).click()
    await page.locator('.message-in', { hasText: TEXT }).waitFor()
    assert.deepEqual(page.problems, [])
    await page.context().close()
  })

  test('what_the_server_refuses_stands_at_its_field', async () => {
    const page = await openConsole(browser, seva, { path: 'capture' })
    await page.getByLabel(own['capture.url']).fill('ftp://x.example/1')
    await page.getByLabel(own['capture.handle']).fill('@b')
    await page.getByRole('button', { name: own['capture.go'], exact: true }).click()
    await page.getByText('This must be a web address.').waitFor()
    assert.equal(await page.getByLabel(own['capture.url']).getAttribute('aria-invalid'), 'true')
    await page.context().close()
  })

  for (const [locale, scheme] of [['ar', 'dark'], ['bn', 'light']]) {
    test(`the_page_for_posts_fits_a_phone_and_has_no_axe_violation_${locale}_${scheme}`, async () => {
      await seva.as(OWNER, 'PATCH', '/me', { locale })
      const page = await openConsole(browser, seva, { width: 390, height: 800, scheme, locale, look: { locale }, path: 'capture?' + new URLSearchParams({ url: POST, author: 'Asha' }) })
      await page.getByText(words('networks', locale)['capture.hint']).waitFor()
      await page.locator('form textarea').waitFor()
      assert.deepEqual(await axe(page), [])
      assert.ok(await fits(page), 'scrolls sideways')
      await shot(page, `capture-${locale}-${scheme}`)
      await page.context().close()
    })
  }
})
