// An agent's work: a message comes in live, is answered, taken back, noted; nothing is lost or doubled when the plug is pulled; of two replies one goes.
import assert from 'node:assert/strict'
import { describe, test } from 'node:test'
import { reasonToSkip, until } from './lib/seva.mjs'
import { hears, holdAnswers, openConsole, withConsole, words } from './lib/browser.mjs'

const en = words('console', 'en')
const send = async (page, text) => {
  await page.locator('.composer textarea').fill(text)
  await page.keyboard.press('Control+Enter')
}
const outgoing = async (seva, id) => (await seva.messages(id)).filter((one) => one.kind === 'out' && one.state !== 'cancelled').map((one) => one.text)

describe('answering', { skip: reasonToSkip() }, () => {
  let seva, browser
  const talk = async (name, text = 'Where is my parcel?') => {
    await seva.inbound({ id: 'contact-' + name, name }, text)
    return seva.conversation((one) => one.contact.name === name)
  }
  withConsole(async (both) => {
    ;({ seva, browser } = both)
    // The longest window there is: whether somebody is quick enough is not what is tested.
    await seva.call('PATCH', '/account', { undo_seconds: 30 })
  })

  test('a_message_appears_by_itself_and_its_answer_reaches_the_server_once', async () => {
    const page = await openConsole(browser, seva)
    await seva.inbound({ id: 'maya', name: 'Maya Fernández' }, 'Hello, is anybody there?')
    const row = page.locator('.row', { hasText: 'Maya Fernández' })
    await row.waitFor()
    assert.match(await row.textContent(), /is anybody there/)
    await row.locator('a').click()
    await page.locator('.message-in', { hasText: 'is anybody there' }).waitFor()
    await send(page, 'Yes, I am here. 🙂')
    await page.locator('.message-out', { hasText: 'I am here' }).waitFor()
    const conversation = await seva.conversation((one) => one.contact.name === 'Maya Fernández')
    await until(async () => (await outgoing(seva, conversation.id)).length === 1, 'the reply reaching the server')
    assert.deepEqual(await outgoing(seva, conversation.id), ['Yes, I am here. 🙂'])
    assert.equal(await page.locator('.message-out').count(), 1)
    assert.deepEqual(page.problems, [])
    await page.context().close()
  })

  test('what_comes_while_the_messages_and_the_list_are_on_their_way_stays', async () => {
    await talk('Noor', 'The first')
    const page = await openConsole(browser, seva)
    const row = (name) => page.locator('.row', { hasText: name })
    await row('Noor').waitFor()
    await hears(page)
    const messages = await holdAnswers(page, /\/messages\?/)
    await row('Noor').locator('a').click()
    await messages.asked
    await seva.inbound({ id: 'contact-Noor', name: 'Noor' }, 'The second')
    await row('Noor').getByText('The second').waitFor()
    await messages.release()
    await page.locator('.message', { hasText: 'The first' }).waitFor()
    assert.equal(await page.locator('.message', { hasText: 'The second' }).count(), 1)
    const list = await holdAnswers(page, /\/conversations\?/)
    await page.keyboard.press('g')
    await page.keyboard.press('r')
    await list.asked
    await seva.inbound({ id: 'contact-Late', name: 'Late' }, 'I am late')
    await row('Late').waitFor()
    await list.release()
    await page.locator('.list-head .spinner').waitFor({ state: 'detached' })
    assert.equal(await row('Late').count(), 1)
    await page.context().close()
  })

  test('a_reply_taken_back_within_the_window_is_not_sent_and_its_words_return', async () => {
    const { id } = await talk('Jürgen Müller')
    const page = await openConsole(browser, seva, { path: `inbox/all/${id}` })
    await page.locator('.message-in').waitFor()
    await send(page, 'Too early')
    await page.locator('.message-out .link-button', { hasText: en['common.undo'] }).click()
    await page.waitForFunction(() => document.querySelector('.composer textarea').value === 'Too early')
    await until(async () => (await seva.messages(id)).some((one) => one.state === 'cancelled'), 'the message being cancelled')
    assert.deepEqual(await outgoing(seva, id), [])
    await page.context().close()
  })

  test('five_messages_written_without_a_connection_arrive_once_and_in_order', async () => {
    const { id } = await talk('Nomvula Dlamini')
    const page = await openConsole(browser, seva, { path: `inbox/all/${id}` })
    await page.locator('.message-in').waitFor()
    await page.context().setOffline(true)
    const texts = ['one', 'two', 'three', 'four', 'five']
    for (const text of texts) await send(page, text)
    await page.locator('.banner').waitFor()
    assert.equal(await page.locator('.message-out').count(), 5)
    await page.context().setOffline(false)
    await until(async () => (await outgoing(seva, id)).length >= 5, 'five messages arriving')
    assert.deepEqual(await outgoing(seva, id), texts)
    await page.waitForFunction(() => document.querySelectorAll('.message-out').length === 5)
    await page.context().close()
  })

  test('what_waits_is_sent_after_the_server_was_killed_and_came_back', async () => {
    const { id } = await talk('Oluwaseun Adébáyò')
    const page = await openConsole(browser, seva, { path: `inbox/all/${id}` })
    await page.locator('.message-in').waitFor()
    await seva.kill()
    await send(page, 'Written while the server was down')
    await page.locator('.message-out').waitFor()
    await seva.start()
    await until(async () => (await outgoing(seva, id)).length === 1, 'the message arriving')
    await seva.inbound({ id: 'contact-Oluwaseun Adébáyò', name: 'Oluwaseun Adébáyò' }, 'Thank you!')
    await page.locator('.message-in', { hasText: 'Thank you!' }).waitFor()
    assert.deepEqual(await outgoing(seva, id), ['Written while the server was down'])
    await page.context().close()
  })

  test('of_two_replies_one_goes_and_the_other_agent_reviews', async () => {
    const { id } = await talk('Priya Patel')
    const second = await seva.agent('Rahim Chowdhury', 'agent')
    const first = await openConsole(browser, seva)
    const other = await openConsole(browser, seva, {}, second)
    for (const page of [first, other]) {
      await page.goto(`${seva.url}/app/inbox/all/${id}`)
      await page.locator('.message-in').waitFor()
    }
    await first.locator('.viewer, .row-viewer').first().waitFor()
    await other.context().setOffline(true)
    await send(other, 'Second answer')
    await send(first, 'First answer')
    await until(async () => (await outgoing(seva, id)).length === 1, 'the first reply arriving')
    await other.context().setOffline(false)
    await other.locator('.review').waitFor()
    assert.match(await other.locator('.review').textContent(), /First answer/)
    assert.deepEqual(await outgoing(seva, id), ['First answer'])
    await other.getByRole('button', { name: en['review.send'] }).click()
    await until(async () => (await outgoing(seva, id)).length === 2, 'the reviewed reply arriving')
    for (const page of [first, other]) await page.context().close()
  })

  test('a_note_stays_inside_and_the_mentioned_colleague_is_told', async () => {
    const { id } = await talk('Sofia Rossi')
    const colleague = await seva.agent('Hetal Shah', 'agent')
    const page = await openConsole(browser, seva, { path: `inbox/all/${id}` })
    await page.locator('.composer-tab-note').click()
    await page.keyboard.type('Please look, @Het')
    await page.locator('.suggestions [role=option]').first().waitFor()
    await page.keyboard.press('Enter')
    await page.keyboard.press('Control+Enter')
    await page.locator('.message-note', { hasText: '@Hetal Shah' }).waitFor()
    await until(async () => (await seva.messages(id)).some((one) => one.kind === 'note' && one.mentions.includes(colleague.id)), 'the note arriving with its mention')
    const theirs = await openConsole(browser, seva, {}, colleague)
    await theirs.locator('.rail-badge').first().waitFor()
    for (const one of [page, theirs]) await one.context().close()
  })

  test('a_file_is_uploaded_with_progress_and_goes_with_the_reply', async () => {
    const { id } = await talk('Hana Sato')
    const page = await openConsole(browser, seva, { path: `inbox/all/${id}` })
    await page.locator('.message-in').waitFor()
    await page.locator('.composer input[type=file]').setInputFiles({ name: 'receipt.txt', mimeType: 'text/plain', buffer: Buffer.alloc(1_500_000, 'receipt ') })
    await page.locator('.composer-file .file-name', { hasText: 'receipt.txt' }).waitFor()
    await page.locator('.composer-file progress').waitFor({ state: 'detached' })
    await send(page, 'Here is your receipt.')
    await page.locator('.message-out a.file', { hasText: 'receipt.txt' }).waitFor()
    await until(async () => (await seva.messages(id)).some((one) => one.kind === 'out' && one.attachments[0]?.size === 1_500_000), 'the reply arriving with its file')
    await page.context().close()
  })

  test('resolving_is_undone_by_z_and_many_are_changed_at_once', async () => {
    const { id } = await talk('Ahmed Mansour')
    const page = await openConsole(browser, seva, { path: `inbox/all/${id}` })
    await page.locator('.message-in').waitFor()
    await page.locator('h1').first().click()
    await page.keyboard.press('e')
    await until(async () => (await seva.call('GET', '/conversations/' + id)).status === 'resolved', 'it being resolved')
    await page.keyboard.press('z')
    await until(async () => (await seva.call('GET', '/conversations/' + id)).status === 'open', 'it being open again')
    await page.goto(seva.url + '/app/inbox/all')
    await page.locator('.row').first().waitFor()
    const all = await page.locator('.row').count()
    await page.keyboard.press('Shift+X')
    await page.locator('.bulk').waitFor()
    await page.keyboard.press('p')
    await page.locator('[role=option]').first().click()
    await until(async () => (await seva.call('GET', '/conversations?status=open&priority=urgent&limit=200')).items.length === all, 'all of them being urgent')
    await page.context().close()
  })
})
