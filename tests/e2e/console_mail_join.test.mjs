// A mail that may belong to another conversation: what the console says of it, joining it, the way that its address leads, separating it again, and
// "not related". E2E_SHOTS=folder keeps the pictures.
import assert from 'node:assert/strict'
import { join } from 'node:path'
import { describe, test } from 'node:test'
import { reasonToSkip, until } from './lib/seva.mjs'
import { axe, openConsole, withConsole, words } from './lib/browser.mjs'

const en = words('console', 'en')
const filled = (key, values) => Object.entries(values).reduce((text, [name, value]) => text.replace(`{${name}}`, value), en[key])
const MAILBOX = 'care@shop.example'

describe('mails that may belong together', { skip: reasonToSkip() }, () => {
  let seva, browser, channel
  withConsole(async (both) => {
    ;({ seva, browser } = both)
    await seva.call('PATCH', '/account', { undo_seconds: 0 })
    channel = await seva.call('POST', '/channels', { kind: 'email', name: 'Mailbox', settings: { address: MAILBOX, receivers: 'mx.shop.example', plus: 'yes' } })
  })

  /** A mail comes in; the number of the conversation that it begins or goes to is asked for by its sender's last words. */
  const arrives = async ({ from, name, subject, id, text, answers }) => {
    const mail = [
      `Authentication-Results: mx.shop.example; dmarc=pass header.from=${from.split('@')[1]}`, `From: ${name} <${from}>`, `To: ${MAILBOX}`, `Subject: ${subject}`, `Message-ID: <${id}>`,
      ...(answers ? [`In-Reply-To: <${answers}>`, `References: <${answers}>`] : []), 'Content-Type: text/plain; charset=utf-8', '', text, '',
    ].join('\r\n')
    const response = await fetch(seva.url + '/hooks/email/' + channel.public_key, { method: 'POST', headers: { 'Content-Type': 'message/rfc822', Authorization: 'Bearer ' + channel.secret }, body: mail })
    assert.equal(response.status, 200)
    return seva.conversation((one) => one.preview === text)
  }
  const shot = async (page, name) => {
    if (process.env.E2E_SHOTS) await page.screenshot({ path: join(process.env.E2E_SHOTS, name + '.png') })
  }
  const open = (page, conversation) => page.goto(`${seva.url}/app/inbox/all/${conversation.id}`)
  const pair = async (who) => {
    const one = await arrives({ from: `${who}@example.net`, name: who, subject: 'Where is my order?', id: `1-${who}@example.net`, text: `It was to come on Monday, ${who}.` })
    const other = await arrives({ from: `${who}@work.example`, name: who, subject: 'Re: Where is my order?', id: `2-${who}@work.example`, text: `This is ${who} from work.`, answers: `1-${who}@example.net` })
    return { one, other }
  }
  const related = (page) => page.locator('.related')

  test('it_says_what_it_may_belong_to_and_is_joined_and_separated_again', async () => {
    const { one, other } = await pair('asha')
    assert.notEqual(one.id, other.id)
    const page = await openConsole(browser, seva)
    await open(page, other)
    await related(page).waitFor()
    const said = await related(page).textContent()
    assert.match(said, new RegExp(filled('joining.title', { number: '#' + one.number })))
    assert.ok(said.includes(en['joining.why_answer']))
    assert.ok(said.includes(filled('joining.stranger', { sender: 'asha@work.example' })))
    await shot(page, 'mail_join_asked')
    assert.deepEqual(await axe(page), [])
    await related(page).getByRole('button', { name: en['joining.join'] }).click()
    await page.locator('.message-in', { hasText: 'from work' }).waitFor()
    await page.locator('.message-in', { hasText: 'on Monday' }).waitFor()
    assert.ok(page.url().endsWith('/' + one.id), page.url())
    const order = await page.locator('.message-in').allTextContents()
    assert.ok(order[0].includes('on Monday') && order[1].includes('from work'), order.join('|'))
    const line = page.locator('.activity', { hasText: '#' + other.number })
    await line.waitFor()
    await shot(page, 'mail_join_joined')
    assert.deepEqual(await axe(page), [])
    // The address of the joined one leads to the other.
    await open(page, other)
    await until(() => page.url().endsWith('/' + one.id), 'the address leading on')
    await page.locator('.message-in', { hasText: 'from work' }).waitFor()
    await page.locator('.activity').getByRole('button', { name: en['joining.separate'] }).click()
    await page.locator('.message-in', { hasText: 'from work' }).waitFor({ state: 'detached' })
    await page.locator('.message-in', { hasText: 'on Monday' }).waitFor()
    assert.equal(await page.getByRole('button', { name: en['joining.separate'] }).count(), 0)
    await open(page, other)
    await related(page).waitFor()
    await page.locator('.message-in', { hasText: 'from work' }).waitFor()
    await shot(page, 'mail_join_separated')
    assert.deepEqual(page.problems, [])
    await page.context().close()
  })

  test('two_people_see_the_same', async () => {
    const { one, other } = await pair('ben')
    const mine = await openConsole(browser, seva)
    const hers = await openConsole(browser, seva)
    await open(mine, other)
    await open(hers, one)
    await hers.locator('.message-in', { hasText: 'on Monday' }).waitFor()
    await related(mine).getByRole('button', { name: en['joining.join'] }).click()
    await hers.locator('.message-in', { hasText: 'ben from work' }).waitFor()
    await hers.locator('.activity').getByRole('button', { name: en['joining.separate'] }).click()
    await mine.locator('.message-in', { hasText: 'ben from work' }).waitFor({ state: 'detached' })
    for (const page of [mine, hers]) {
      assert.deepEqual(page.problems, [])
      await page.context().close()
    }
  })

  test('what_is_not_related_asks_no_more', async () => {
    const { other } = await pair('chitra')
    const page = await openConsole(browser, seva)
    await open(page, other)
    await related(page).getByRole('button', { name: en['joining.dismiss'] }).click()
    await related(page).waitFor({ state: 'detached' })
    await page.reload()
    await page.locator('.message-in', { hasText: 'chitra from work' }).waitFor()
    assert.equal(await related(page).count(), 0)
    assert.deepEqual(page.problems, [])
    await page.context().close()
  })
})
