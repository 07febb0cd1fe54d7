// Exports in the console: the account by Settings, one person by their contact's page; while it is made, when it is there, downloaded, removed, failed;
// who may; a narrow window, right to left. E2E_SHOTS=folder keeps pictures.
import assert from 'node:assert/strict'
import { readFile } from 'node:fs/promises'
import { join } from 'node:path'
import { after, before, describe, test } from 'node:test'
import { OWNER, reasonToSkip, startSeva, until } from './lib/seva.mjs'
import { axe, launch, openConsole, words } from './lib/browser.mjs'

const en = words('console', 'en')
const own = words('exports', 'en')
const shot = async (page, name) => {
  if (process.env.E2E_SHOTS) await page.screenshot({ path: join(process.env.E2E_SHOTS, name + '.png') })
}
const NOW = '2026-11-29T10:00:00.000Z'
const export_ = (more) => ({
  id: '1', what: 'account', contact_id: null, contact_name: null, state: 'ready', error: null, agent_id: '1', agent_name: 'Ada Lindqvist', bytes: 0, lines: 0, step: null, step_done: 0, step_total: 0,
  files: 0, missing_files: 0, created_at: NOW, started_at: NOW, finished_at: null, expires_at: '2026-12-06T10:00:00.000Z', ...more,
})
/** What no test waits for, all at once. */
const STATES = [
  export_({ id: '5', state: 'queued' }),
  export_({ id: '4', what: 'contact', contact_id: '9', contact_name: 'রহিমা খাতুন', state: 'running', bytes: 48_300_000 }),
  export_({ id: '6', what: 'contact', contact_id: '8', state: 'running', bytes: 48_300_000, step: 'messages', step_done: 12_345, step_total: 1_000_000 }),
  export_({ id: '7', what: 'contact', contact_id: '8', state: 'running', bytes: 48_300_000, step: 'files', step_done: 1, step_total: 1 }),
  export_({ id: '8', what: 'contact', contact_id: '8', state: 'running', bytes: 48_300_000, step: 'storing', step_done: 16_000_000, step_total: 48_000_000 }),
  export_({ id: '3', what: 'contact', contact_id: '8', state: 'failed', error: 'cannot write to the file of the export: No space left on device' }),
  export_({ id: '2', bytes: 5_230_000_000, lines: 1_204_332, files: 8123, missing_files: 2 }),
]
const showStates = (page) => page.route('**/api/v1/exports?*', (route) => route.fulfill({ json: { items: STATES, next: null } }))

describe('exports', { skip: reasonToSkip() }, () => {
  let seva, browser, talk
  const rows = (page) => page.locator('.rows-row')
  const held = async () => (await seva.call('GET', '/exports')).items

  before(async () => {
    seva = await startSeva()
    browser = await launch()
    await seva.inbound({ id: 'r', name: 'রহিমা খাতুন' }, 'আমার টাকা কোথায়?')
    talk = await seva.conversation((one) => one.contact.name === 'রহিমা খাতুন')
    await seva.inbound({ id: 'b', name: 'Boris' }, 'Where is my order?')
  })
  after(async () => {
    await browser?.close()
    await seva?.stop()
  })

  async function downloaded(page) {
    const coming = page.waitForEvent('download')
    await page.getByRole('link', { name: own['row.download'] }).click()
    const file = await coming
    assert.match(file.suggestedFilename(), /^seva-export-\d+\.tar$/)
    return (await readFile(await file.path())).toString('utf8')
  }

  test('the_account_is_exported_downloaded_and_removed', async () => {
    const page = await openConsole(browser, seva, { path: 'settings/exports' })
    await page.getByText(own['page.none']).waitFor()
    await shot(page, 'exports-none')
    assert.deepEqual(await axe(page), [])
    await page.getByRole('button', { name: own['page.account'] }).click()
    await page.getByText(own['state.ready'], { exact: true }).waitFor()
    await shot(page, 'exports-ready')
    assert.deepEqual(await axe(page), [])
    const tar = await downloaded(page)
    for (const part of ['contacts.jsonl', 'manifest.json', 'Boris', 'আমার টাকা কোথায়?']) assert.ok(tar.includes(part), part)
    const actions = (await seva.call('GET', '/audit')).items.map((one) => one.action)
    assert.ok(actions.includes('account.exported') && actions.includes('export.downloaded'), actions.join())
    await rows(page).getByRole('button', { name: en['common.delete'] }).click()
    await page.locator('dialog').getByRole('button', { name: en['common.delete'] }).click()
    await page.getByText(own['page.none']).waitFor()
    assert.deepEqual(await held(), [])
    assert.deepEqual(page.problems, [])
    await page.context().close()
  })

  test('what_is_held_of_a_person_is_exported_on_their_page_and_nobody_elses', async () => {
    const page = await openConsole(browser, seva, { path: 'contacts/' + talk.contact.id })
    await page.getByRole('button', { name: own['contact.ask'] }).click()
    await page.getByText(own['state.ready'], { exact: true }).waitFor()
    await shot(page, 'exports-contact')
    assert.deepEqual(await axe(page), [])
    const tar = await downloaded(page)
    assert.ok(tar.includes('আমার টাকা কোথায়?') && !tar.includes('Boris'))
    await page.getByRole('link', { name: own['contact.all'] }).click()
    await page.getByText(own['row.contact'].replace('{name}', 'রহিমা খাতুন')).waitFor()
    assert.deepEqual(page.problems, [])
    await page.context().close()
  })

  test('beside_a_conversation_it_is_offered_too_and_who_may_not_is_not_asked', async () => {
    const page = await openConsole(browser, seva, { path: 'inbox/all/' + talk.id })
    await page.getByRole('button', { name: own['contact.ask'] }).waitFor()
    await page.context().close()
    const agent = await seva.agent('Narrow Nadia', 'agent')
    const theirs = await openConsole(browser, seva, { path: 'contacts/' + talk.contact.id }, agent)
    await theirs.getByRole('button', { name: en['contact.block'] }).waitFor()
    assert.equal(await theirs.getByRole('button', { name: own['contact.ask'] }).count(), 0)
    await theirs.goto(seva.url + '/app/settings/exports')
    await theirs.getByText(en['settings.none']).waitFor()
    await theirs.context().close()
  })

  test('who_may_export_a_person_only_is_not_offered_the_account', async () => {
    const role = await seva.call('POST', '/roles', { name: 'Privacy', capabilities: ['conversation.read', 'contact.read', 'agent.read', 'event.read', 'contact.export'] })
    const officer = await seva.agent('Olga', role.key)
    const page = await openConsole(browser, seva, { path: 'settings/exports' }, officer)
    await page.getByRole('heading', { name: en['settings.exports'] }).waitFor()
    await rows(page).first().waitFor()
    assert.equal(await page.getByRole('button', { name: own['page.account'] }).count(), 0)
    await page.context().close()
  })

  test('each_state_says_what_it_is_also_narrow_and_right_to_left', async () => {
    for (const [locale, width, dark] of [['en', 1280, false], ['bn', 1280, true], ['ar', 360, false], ['ar', 1280, false], ['en', 320, false]]) {
      await seva.as(OWNER, 'PATCH', '/me', { locale })
      const page = await openConsole(browser, seva, { path: 'inbox/all', locale, look: { locale }, width, height: 900, scheme: dark ? 'dark' : 'light' })
      await showStates(page)
      await page.goto(seva.url + '/app/settings/exports')
      await rows(page).nth(3).waitFor()
      assert.equal(await page.locator('[data-state=ready] a[download]').count(), 1)
      assert.ok(await page.evaluate(() => document.documentElement.scrollWidth <= innerWidth), 'nothing is wider than the window')
      for (const far of locale === 'en' ? ['Being made: 12,345 of 1,000,000 messages', 'Being made: 1 of 1 file', 'Being stored: 16MB of 48MB'] : [])
        await page.getByText(far, { exact: true }).waitFor()
      await shot(page, `exports-states-${locale}-${width}`)
      assert.deepEqual(await axe(page), [])
      await page.context().close()
    }
    await seva.as(OWNER, 'PATCH', '/me', { locale: 'en' })
  })

  test('a_refusal_is_told_and_a_list_that_does_not_come_is_asked_for_again', async () => {
    const page = await openConsole(browser, seva, { path: 'inbox/all' })
    await page.route('**/api/v1/exports?*', (route) => route.fulfill({ status: 503, json: { error: { code: 'busy', message: 'The database is busy.' } } }))
    await page.goto(seva.url + '/app/settings/exports')
    await page.getByRole('button', { name: en['common.retry'] }).waitFor()
    await shot(page, 'exports-fault')
    await page.unroute('**/api/v1/exports?*')
    await page.getByRole('button', { name: en['common.retry'] }).click()
    await rows(page).first().waitFor()
    await page.route('**/api/v1/exports', (route) => (route.request().method() === 'POST' ? route.fulfill({ status: 409, json: { error: { code: 'conflict.full', message: '20 exports are kept already; delete one that is not needed.' } } }) : route.continue()))
    await page.getByRole('button', { name: own['page.account'] }).click()
    await page.getByText('20 exports are kept already').waitFor()
    await page.context().close()
    await until(async () => (await held()).length === 1, 'nothing being made')
  })
})
