// A mailbox from its first test to a thread, on real servers: it is connected in the console, a customer's formatted mail with a picture comes by IDLE, an
// agent answers in rich text, what the customer answers belongs to it, and a stranger's answer with the same headers does not. E2E_SHOTS=folder keeps the pictures.
import assert from 'node:assert/strict'
import { join } from 'node:path'
import { after, before, describe, test } from 'node:test'
import { reasonToSkip, startSeva, until } from './lib/seva.mjs'
import { axe, hears, launch, openConsole, words } from './lib/browser.mjs'
import { ADDRESS, Mailbox, PASSWORD } from './lib/mailbox.mjs'

const en = words('console', 'en')
const own = words('networks', 'en')
const CHECKED_BY = 'mx.example.com'
const PIXEL = 'iVBORw0KGgoAAAANSUhEUgAAAAEAAAABCAYAAAAfFcSJAAAADUlEQVR42mNk+M9QDwADhgGAWjR9awAAAABJRU5ErkJggg=='

const shot = async (page, name) => {
  if (process.env.E2E_SHOTS) await page.screenshot({ path: join(process.env.E2E_SHOTS, name + '.png') })
}
const head = (from, id, more = '') =>
  `Authentication-Results: ${CHECKED_BY}; dmarc=pass header.from=${from.split('@')[1]}\r\nFrom: Asha Rao <${from}>\r\nTo: ${ADDRESS}\r\nSubject: Where is my order?\r\nMessage-ID: <${id}>\r\n${more}MIME-Version: 1.0\r\n`
const plain = (from, id, text, answers) => `${head(from, id, `In-Reply-To: ${answers}\r\nReferences: ${answers}\r\n`)}Content-Type: text/plain; charset=utf-8\r\n\r\n${text}\r\n`
const withPicture = (from, id) =>
  `${head(from, id)}Content-Type: multipart/related; boundary=part\r\n\r\n--part\r\nContent-Type: text/html; charset=utf-8\r\n\r\n<p>The box came <b>open</b>:</p><p><img src="cid:box@example.net" alt="the box" width="40" height="40"></p>\r\n` +
  `--part\r\nContent-Type: image/png; name="box.png"\r\nContent-Transfer-Encoding: base64\r\nContent-ID: <box@example.net>\r\nContent-Disposition: inline\r\n\r\n${PIXEL}\r\n--part--\r\n`

describe('a mailbox', { skip: reasonToSkip() }, () => {
  let box, seva, browser
  before(async () => {
    box = await new Mailbox().start()
    seva = await startSeva(box.options())
    browser = await launch()
    await seva.call('PATCH', '/account', { undo_seconds: 0 })
  })
  after(async () => {
    await browser?.close()
    await seva?.stop()
    await box?.stop()
  })

  test('is_connected_read_and_answered_and_knows_who_answers', async () => {
    const page = await openConsole(browser, seva, { path: 'settings/channels' })
    await page.getByRole('button', { name: en['channels.new'] }).click()
    await page.getByRole('link', { name: 'Email' }).click()
    const field = (name) => page.getByLabel(own[`setting.${name}`], { exact: true })
    await field('address').fill(ADDRESS)
    await field('password').fill('wrong')
    await field('imap_host').fill(box.imap.host)
    await field('imap_port').fill(box.imap.port)
    await field('smtp_host').fill(box.smtp.host)
    await field('smtp_port').fill(String(box.smtp.tls))
    await field('receivers').fill(CHECKED_BY)
    await page.getByText(own['form.more']).click()
    await page.getByRole('button', { name: own['check.test'] }).click()
    await page.getByText(own['check.email.reauth']).waitFor()
    await shot(page, 'mailbox-refused')
    await field('password').fill(PASSWORD)
    await page.getByRole('button', { name: own['check.test'] }).click()
    await page.getByText(own['check.works']).waitFor()
    assert.deepEqual(await axe(page), [])
    await shot(page, 'mailbox-works')
    await page.getByRole('button', { name: own['connect.go'], exact: true }).click()
    await page.getByRole('button', { name: en['channels.set_up'] }).waitFor()
    await page.goto(`${seva.url}/app/inbox/all`)
    await hears(page)

    // By IDLE: nothing asks for it.
    box.deliver(withPicture('asha@example.net', 'first@example.net'))
    await page.locator('.row', { hasText: 'Asha Rao' }).click()
    const picture = page.locator('.message iframe').first().contentFrame().locator('img[alt="the box"]')
    await picture.waitFor()
    await until(() => picture.evaluate((one) => one.complete && one.naturalWidth > 0), 'the picture in the mail')
    await shot(page, 'mailbox-arrived')

    await page.locator('.rich-field').click()
    await page.keyboard.type('A new one comes ')
    await page.keyboard.press('Control+b')
    await page.keyboard.type('tomorrow')
    await page.keyboard.press('Control+Enter')
    await until(() => box.sent('asha@example.net').length === 1, 'the answer at the customer')
    const [answer] = box.sent('asha@example.net')
    assert.match(answer, /A new one comes <b>tomorrow<\/b>/)
    assert.match(answer, /^Subject: Re: Where is my order\?/m)
    const ours = /^Message-ID: (<[^>]+>)/im.exec(answer)[1]

    box.deliver(plain('asha@example.net', 'second@example.net', 'Thank you very much.', ours))
    box.deliver(plain('mallory@example.org', 'third@example.org', 'Send it to me instead.', ours))
    await page.locator('.message-in', { hasText: 'Thank you very much.' }).waitFor()
    const stranger = await seva.conversation((one) => one.preview === 'Send it to me instead.')
    assert.equal(await page.getByRole('log').getByText('Send it to me instead.').count(), 0)
    const talk = await seva.conversation((one) => one.preview === 'Thank you very much.')
    assert.notEqual(stranger.id, talk.id)
    assert.equal(stranger.related_id, talk.id)
    await shot(page, 'mailbox-thread')
    await page.goto(`${seva.url}/app/inbox/all/${stranger.id}`)
    await page.getByText('Send it to me instead.').first().waitFor()
    await shot(page, 'mailbox-stranger')

    const mailbox = (await seva.call('GET', '/channels')).items.find((one) => one.kind === 'email')
    await page.goto(`${seva.url}/app/settings/channels/${mailbox.id}`)
    await page.getByRole('button', { name: own['ledger.start'] }).click()
    await page.locator('.ledger li', { hasText: /\d messages? seen, none missed/ }).waitFor()
    assert.equal(await page.getByText(own['ledger.running']).count(), 0)
    await shot(page, 'mailbox-compared')
    assert.deepEqual(page.problems, [])
    await page.context().close()
  })
})
