// Automatic mails in the console: what a program wrote is marked in list, timeline and details and is unread by nobody; the texts of acknowledgements are
// entered by language; one that goes out is marked too. E2E_SHOTS=folder keeps the pictures.
import assert from 'node:assert/strict'
import { join } from 'node:path'
import { describe, test } from 'node:test'
import { reasonToSkip } from './lib/seva.mjs'
import { axe, openConsole, withConsole, words } from './lib/browser.mjs'

const en = words('console', 'en')
const own = words('networks', 'en')
const mails = words('mail', 'en')
const MAILBOX = 'care@shop.example'

describe('automatic mails', { skip: reasonToSkip() }, () => {
  let seva, browser, channel
  withConsole(async (both) => {
    ;({ seva, browser } = both)
    channel = await seva.call('POST', '/channels', { kind: 'email', name: 'Mailbox', settings: { address: MAILBOX, receivers: 'mx.shop.example', smtp_host: '127.0.0.1' } })
  })
  const arrives = async ({ from, name, id, text, headers = [] }) => {
    const mail = [
      `Authentication-Results: mx.shop.example; dmarc=pass header.from=${from.split('@')[1]}`, `From: ${name} <${from}>`, `To: ${MAILBOX}`, 'Subject: My order', `Message-ID: <${id}>`, ...headers,
      'Content-Type: text/plain; charset=utf-8', '', text, '',
    ].join('\r\n')
    const response = await fetch(seva.url + '/hooks/email/' + channel.public_key, { method: 'POST', headers: { 'Content-Type': 'message/rfc822', Authorization: 'Bearer ' + channel.secret }, body: mail })
    assert.equal(response.status, 200)
    return seva.conversation((one) => one.preview === text)
  }
  const shot = async (page, name) => {
    if (process.env.E2E_SHOTS) await page.screenshot({ path: join(process.env.E2E_SHOTS, name + '.png') })
  }
  const ended = async (page) => {
    assert.deepEqual(page.problems, [])
    await page.context().close()
  }

  test('what_a_program_wrote_is_marked_and_unread_by_nobody', async () => {
    const talk = await arrives({ from: 'shop@example.net', name: 'Shop', id: 'r@example.net', text: 'Our newest offers.', headers: ['List-Id: <offers.example.net>'] })
    assert.equal(talk.status, 'pending')
    assert.equal(talk.unread_count, 0)
    const page = await openConsole(browser, seva)
    await page.goto(`${seva.url}/app/inbox/all/${talk.id}`)
    const message = page.locator('.message-in', { hasText: 'newest offers' })
    await message.locator('.message-automatic', { hasText: en['message.automatic'] }).waitFor()
    await page.locator('.mail-mark', { hasText: mails['automatic.list'] }).waitFor()
    await shot(page, 'mail_automatic')
    assert.deepEqual(await axe(page), [])
    await ended(page)
  })

  test('texts_of_acknowledgements_are_entered_by_language_and_one_goes_out', async () => {
    const page = await openConsole(browser, seva, { path: 'settings/channels/' + channel.id })
    await page.getByText(own['form.more']).click()
    await page.getByLabel(own['setting.acknowledge']).selectOption('proven')
    const texts = page.getByRole('group', { name: own['setting.acknowledgement'] })
    await texts.getByLabel(own['texts.text']).fill('Dear {{contact.phone}}')
    await page.locator('.network-form', { has: texts }).getByRole('button', { name: en['common.save'] }).click()
    await texts.locator('.field-error').waitFor()
    await texts.getByLabel(own['texts.text']).fill('Dear {{contact.name}}, we have it.')
    await texts.getByRole('button', { name: own['texts.add'] }).click()
    const second = texts.locator('fieldset').nth(1)
    await second.getByLabel(own['texts.language'], { exact: true }).fill('de')
    await second.getByLabel(own['texts.subject'], { exact: true }).fill('Angekommen')
    await second.getByLabel(own['texts.text'], { exact: true }).fill('Danke.')
    await shot(page, 'mail_acknowledgement')
    assert.deepEqual(await axe(page), [])
    const saved = page.waitForResponse((one) => one.request().method() === 'PATCH' && one.status() === 200)
    await page.locator('.network-form', { has: texts }).getByRole('button', { name: en['common.save'] }).click()
    await saved
    const { settings } = await seva.call('GET', '/channels/' + channel.id)
    assert.equal(settings.acknowledge, 'proven')
    assert.deepEqual(settings.acknowledgement, [{ language: '', subject: '', text: 'Dear {{contact.name}}, we have it.' }, { language: 'de', subject: 'Angekommen', text: 'Danke.' }])
    const talk = await arrives({ from: 'asha@example.net', name: 'Asha', id: 'p@example.net', text: 'Where is it?' })
    await page.goto(`${seva.url}/app/inbox/all/${talk.id}`)
    await page.locator('.message-out', { hasText: 'Dear Asha, we have it.' }).locator('.message-automatic').waitFor()
    await shot(page, 'mail_acknowledged')
    await ended(page)
  })
})
