// A channel that is connected on the network's own page: there and back, one page of several is chosen, a refusal is told, a token that died is renewed.
// lib/meta.mjs plays Facebook.
import assert from 'node:assert/strict'
import { join } from 'node:path'
import { after, before, describe, test } from 'node:test'
import { reasonToSkip, startSeva, until } from './lib/seva.mjs'
import { axe, launch, openConsole, words } from './lib/browser.mjs'
import { APP, Meta } from './lib/meta.mjs'

const own = words('networks', 'en')
const en = words('console', 'en')

const shot = async (page, name) => {
  if (process.env.E2E_SHOTS) await page.screenshot({ path: join(process.env.E2E_SHOTS, name + '.png') })
}

describe('connecting on the page of the network', { skip: reasonToSkip() }, () => {
  let meta, seva, browser
  const channels = async () => (await seva.call('GET', '/channels')).items.filter((one) => one.kind === 'facebook')
  const allow = (page) => page.getByRole('button', { name: own['connect.at_network'].replace('{network}', 'Facebook') })
  const withForm = async () => {
    const page = await openConsole(browser, seva, { path: 'settings/channels/connect-facebook' })
    await page.getByLabel(own['setting.app_id']).fill(APP.app_id)
    await page.getByLabel(own['setting.app_secret']).fill(APP.app_secret)
    return page
  }

  before(async () => {
    meta = await new Meta().start()
    seva = await startSeva(meta.options())
    browser = await launch()
  })
  after(async () => {
    await browser?.close()
    await seva?.stop()
    meta?.stop()
  })

  test('who_does_not_allow_it_is_told_and_nothing_is_connected', async () => {
    const page = await withForm()
    await allow(page).click()
    await page.getByRole('link', { name: 'Cancel' }).click()
    await page.getByRole('alert').filter({ hasText: own['returned.refused'].replace(' {why}', '') }).waitFor()
    assert.deepEqual(await axe(page), [])
    await shot(page, 'oauth-refused')
    await page.reload()
    await page.getByRole('button', { name: en['channels.new'] }).waitFor()
    assert.equal(await page.getByRole('alert').count(), 0)
    assert.equal((await channels()).length, 0)
    await page.context().close()
  })

  test('one_page_of_several_is_chosen_and_connected_with_its_own_token', async () => {
    const page = await withForm()
    await allow(page).click()
    await page.getByRole('link', { name: 'Continue' }).click()
    await page.getByText('সেবা দোকান ঢাকা').waitFor()
    assert.equal(await page.locator('.kinds input[type=radio]').count(), 3)
    assert.deepEqual(await axe(page), [])
    await shot(page, 'oauth-choose')
    await page.getByText('সেবা দোকান ঢাকা').click()
    await page.getByRole('button', { name: own['connect.go'], exact: true }).click()
    await page.waitForURL(/settings\/channels\/\d+/)
    await page.getByText(own['secret.is_set']).first().waitFor()
    const [channel] = await channels()
    assert.equal(channel.external_id, '102')
    assert.equal(channel.auth.state, 'ok')
    await until(() => meta.asked.some((one) => one.method === 'POST' && one.path.endsWith('/102/subscribed_apps') && one.token === 'page-token-102'), 'the page being subscribed with its own token')
    assert.ok(!(await page.content()).includes('page-token-102'), 'the token stands in the page')
    await shot(page, 'oauth-connected')
    assert.deepEqual(page.problems, [])
    await page.context().close()
  })

  test('a_token_that_died_is_renewed_on_the_page_of_the_network', async () => {
    const [channel] = await channels()
    meta.isRefusing = true
    await seva.call('POST', `/channels/${channel.id}/check`)
    const page = await openConsole(browser, seva, { path: 'settings/channels/' + channel.id })
    await page.locator('.refused').waitFor()
    assert.deepEqual(await axe(page), [])
    await shot(page, 'oauth-died')
    meta.isRefusing = false
    await allow(page).first().click()
    await page.getByRole('link', { name: 'Continue' }).click()
    await page.waitForURL(/settings\/channels\/\d+$/)
    await until(async () => (await channels())[0].auth.state === 'ok', 'the credentials being good again')
    await page.locator('.refused').waitFor({ state: 'detached' })
    assert.equal((await channels()).length, 1)
    assert.deepEqual(page.problems, [])
    await page.context().close()
  })
})
