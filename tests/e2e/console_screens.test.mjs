// What an admin and an agent keep: who sees what, who is blocked, fields of one's own, the logo of the chat.
import assert from 'node:assert/strict'
import { describe, test } from 'node:test'
import { reasonToSkip, until } from './lib/seva.mjs'
import { drawn, holdAnswers, openConsole, withConsole, words } from './lib/browser.mjs'

const en = words('console', 'en')
/** A picture of 2 by 2. */
const PNG = Buffer.from('iVBORw0KGgoAAAANSUhEUgAAAAIAAAACCAIAAAD91JpzAAAAEElEQVR4nGOQizoBRAwQCgAgZgUBzVt+wAAAAABJRU5ErkJggg==', 'base64')

describe('screens', { skip: reasonToSkip() }, () => {
  let seva, browser
  withConsole((both) => {
    ;({ seva, browser } = both)
  })

  test('an_agent_is_narrowed_to_a_team_by_keys_and_sees_only_that_teams_conversations', async () => {
    const team = await seva.call('POST', '/teams', { name: 'Returns' })
    const agent = await seva.agent('Narrow Nadia', 'agent')
    for (const name of ['Inside', 'Outside']) await seva.inbound({ id: name, name }, `Hello from ${name}`)
    const inside = await seva.conversation((one) => one.contact.name === 'Inside')
    await seva.conversation((one) => one.contact.name === 'Outside')
    await seva.call('PATCH', '/conversations/' + inside.id, { team_id: team.id })

    const page = await openConsole(browser, seva, { path: 'settings/agents' })
    await page.getByRole('button', { name: en['agents.menu'].replace('{name}', agent.name) }).focus()
    await page.keyboard.press('Enter')
    await page.keyboard.press('Enter')
    await page.locator('dialog[open]').waitFor()
    await page.getByRole('radio', { name: en['grants.all'] }).focus()
    await page.keyboard.press('ArrowDown')
    await page.getByText(en['grants.choose']).waitFor()
    assert.equal(await page.getByRole('button', { name: en['common.save'] }).isDisabled(), true)
    await page.getByRole('checkbox', { name: /Returns Team/ }).focus()
    await page.keyboard.press('Space')
    await page.getByRole('button', { name: en['common.save'] }).focus()
    await page.keyboard.press('Enter')
    await page.locator('dialog[open]').waitFor({ state: 'detached' })
    await page.getByText(en['grants.only'].replace('{names}', 'Returns')).waitFor()
    assert.deepEqual((await seva.call('GET', '/agents')).items.find((one) => one.id === agent.id).grants, [{ scope: 'team', id: team.id }])

    const theirs = await openConsole(browser, seva, { path: 'inbox/all' }, agent)
    await theirs.locator('.row').first().waitFor()
    assert.deepEqual(await theirs.locator('.row-name').allTextContents(), ['Inside'])
    for (const one of [page, theirs]) {
      assert.deepEqual(one.problems, [])
      await one.context().close()
    }
  })

  test('a_contact_is_blocked_and_the_block_is_taken_back', async () => {
    await seva.inbound({ id: 'pest', name: 'Persistent Pest' }, 'Buy now')
    const talk = await seva.conversation((one) => one.contact.name === 'Persistent Pest')
    const blocked = async () => (await seva.call('GET', '/contacts/' + talk.contact.id)).is_blocked
    const page = await openConsole(browser, seva, { path: `inbox/all/${talk.id}` })
    await page.getByRole('button', { name: en['contact.block'] }).press('Enter')
    await page.getByText(en['contact.blocked_hint']).waitFor()
    await until(blocked, 'the contact being blocked')
    await page.getByText(en['contact.block_done']).waitFor() // the event may come before the answer, with which it can be taken back
    await page.locator('body').click({ position: { x: 2, y: 2 } })
    await page.keyboard.press('z')
    await page.getByRole('button', { name: en['contact.block'], exact: true }).waitFor()
    await until(async () => !(await blocked()), 'the block being taken back')
    assert.deepEqual(page.problems, [])
    await page.context().close()
  })

  test('own_fields_of_a_contact_are_added_changed_and_removed', async () => {
    await seva.inbound({ id: 'field', name: 'রহিমা খাতুন' }, 'আসসালামু আলাইকুম')
    const talk = await seva.conversation((one) => one.contact.name === 'রহিমা খাতুন')
    await seva.call('PATCH', '/contacts/' + talk.contact.id, { custom: { orders: 4 } })
    const custom = async () => (await seva.call('GET', '/contacts/' + talk.contact.id)).custom
    const page = await openConsole(browser, seva, { path: 'contacts/' + talk.contact.id })
    const orders = page.getByRole('textbox', { name: 'orders', exact: true })
    await orders.fill('5')
    await orders.press('Enter')
    await until(async () => (await custom()).orders === 5, 'the number staying a number')
    await page.getByRole('button', { name: en['custom.add'] }).press('Enter')
    await page.locator('.custom-new input:focus').waitFor()
    await page.keyboard.type('সদস্যপদ')
    await page.keyboard.press('Tab')
    await page.keyboard.type('সোনা')
    await page.keyboard.press('Enter')
    await until(async () => (await custom())['সদস্যপদ'] === 'সোনা', 'the new field being kept')
    assert.deepEqual(await custom(), { orders: 5, সদস্যপদ: 'সোনা' })
    await page.getByRole('button', { name: en['custom.remove'].replace('{name}', 'orders') }).press('Enter')
    await until(async () => !('orders' in (await custom())), 'the field being gone')
    assert.deepEqual(await custom(), { সদস্যপদ: 'সোনা' })
    assert.deepEqual(page.problems, [])
    await page.context().close()
  })

  test('of_two_questions_the_later_one_counts_whichever_is_answered_first', async () => {
    for (const name of ['Anna Order', 'Bert Order']) await seva.inbound({ id: name, name }, 'Hello')
    await seva.conversation((one) => one.contact.name === 'Bert Order')
    const page = await openConsole(browser, seva, { path: 'contacts' })
    const row = (name) => page.locator('.contact-row', { hasText: name })
    await row('Bert Order').waitFor()
    const search = await holdAnswers(page, /\/contacts\?q=Anna/)
    await page.getByLabel(en['contact.search']).fill('Anna')
    await search.asked
    await page.getByLabel(en['contact.search']).fill('Bert')
    await row('Anna Order').waitFor({ state: 'detached' })
    await row('Bert Order').waitFor()
    await search.release()
    await drawn(page)
    assert.deepEqual([await row('Anna Order').count(), await row('Bert Order').count()], [0, 1])

    const audit = await holdAnswers(page, /\/audit\?limit=50$/)
    await page.goto(seva.url + '/app/settings/audit')
    await audit.asked
    await page.getByLabel(en['audit.action']).fill('no.such.action')
    await page.getByRole('button', { name: en['filter.title'], exact: true }).click()
    await page.locator('main .spinner').waitFor({ state: 'detached' })
    await audit.release()
    await drawn(page)
    assert.equal(await page.locator('main .rows-row').count(), 0)
    assert.deepEqual(page.problems, [])
    await page.context().close()
  })

  test('the_logo_of_the_chat_is_uploaded_saved_and_taken_away', async () => {
    const logo = async () => (await seva.call('GET', '/channels/' + seva.widget.id)).settings.logo_upload_id ?? null
    const page = await openConsole(browser, seva, { path: 'settings/channels/' + seva.widget.id })
    await page.locator('.logo-choice input[type=file]').setInputFiles({ name: 'logo.png', mimeType: 'image/png', buffer: PNG })
    const shown = page.locator('.logo-choice img')
    await shown.waitFor()
    await page.waitForFunction(() => document.querySelector('.logo-choice img').naturalWidth > 0)
    await page.getByRole('button', { name: en['common.save'] }).click()
    await until(async () => (await logo()) !== null, 'the logo being kept')
    await page.waitForFunction(() => document.querySelector('.logo-choice img').src.includes('/logo/') && document.querySelector('.logo-choice img').complete)
    assert.equal(await shown.evaluate((image) => image.naturalWidth), 2)
    await page.getByRole('button', { name: en['logo.remove'] }).click()
    await page.getByRole('button', { name: en['common.save'] }).click()
    await until(async () => (await logo()) === null, 'the logo being gone')
    assert.deepEqual(page.problems, [])
    await page.context().close()
  })
})
