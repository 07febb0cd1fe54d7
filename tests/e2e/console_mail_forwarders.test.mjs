// What forwarders post to a mailbox, in the console: Amazon SNS asks whether it may post, and somebody sees the link; a mail in Postmark's fields is read
// like any other. E2E_SHOTS=folder keeps the pictures.
import assert from 'node:assert/strict'
import { join } from 'node:path'
import { after, describe, test } from 'node:test'
import { reasonToSkip, startSeva, until } from './lib/seva.mjs'
import { axe, drawn, launch, openConsole, words } from './lib/browser.mjs'

const MAILBOX = 'care@example.com'
const TOPIC = 'arn:aws:sns:us-east-1:012345678912:mails'
const LINK = 'https://sns.us-east-1.amazonaws.com/?Action=ConfirmSubscription&Token=23ab'
const PIXEL = 'iVBORw0KGgoAAAANSUhEUgAAAAEAAAABCAYAAAAfFcSJAAAADUlEQVR42mNk+M9QDwADhgGAWjR9awAAAABJRU5ErkJggg=='

const shot = async (page, name) => {
  if (process.env.E2E_SHOTS) await page.screenshot({ path: join(process.env.E2E_SHOTS, name + '.png'), fullPage: true })
}

describe('forwarders of mails', { skip: reasonToSkip() }, () => {
  test('a_question_of_sns_is_put_aside_and_a_mail_in_fields_is_read', async () => {
    const own = words('networks', 'en')
    const seva = await startSeva()
    after(() => seva.stop())
    const mailbox = await seva.call('POST', '/channels', { kind: 'email', name: 'Care', external_id: MAILBOX, settings: { address: MAILBOX } })
    const post = async (type, body) => {
      const response = await fetch(`${seva.url}/hooks/email/${mailbox.public_key}`, { method: 'POST', headers: { 'Content-Type': type, 'x-amz-sns-message-type': 'x', Authorization: `Bearer ${mailbox.secret}` }, body: JSON.stringify(body) })
      assert.equal(response.status, 200, await response.text())
    }
    const ask = () => post('text/plain', { Type: 'SubscriptionConfirmation', TopicArn: TOPIC, Token: '23ab', SubscribeURL: LINK })
    const browser = await launch()
    after(() => browser.close())
    const page = await openConsole(browser, seva, { path: `settings/channels/${mailbox.id}` })
    await page.getByRole('heading', { name: own['hook.mailbox_title'] }).waitFor()
    // It comes while somebody looks.
    await ask()
    const asked = page.locator('.secret', { hasText: own['hook.sns_title'] })
    await asked.waitFor()
    assert.match(await asked.innerText(), new RegExp(TOPIC))
    const link = asked.getByRole('link', { name: own['hook.sns_open'] })
    assert.equal(await link.getAttribute('href'), LINK)
    assert.equal(await link.getAttribute('rel'), 'noopener noreferrer')
    await page.getByText(own['hook.mailbox_how']).click()
    await drawn(page)
    await shot(page, 'mail_sns_asks')
    assert.deepEqual(await axe(page), [])
    await asked.getByRole('button', { name: own['hook.sns_dismiss'] }).click()
    await asked.waitFor({ state: 'detached' })
    assert.equal((await seva.call('GET', `/channels/${mailbox.id}/mail-subscription`)).url, null)
    await post('application/json', {
      FromFull: { Email: 'asha@example.net', Name: 'Asha' }, ToFull: [{ Email: MAILBOX, Name: '' }], Subject: 'A broken box', TextBody: 'See the picture.', MessageID: '1',
      HtmlBody: '<p>See the <b>picture</b>: <img src="cid:box@here"></p>', Attachments: [{ Name: 'box.png', Content: PIXEL, ContentType: 'image/png', ContentID: 'box@here' }],
    })
    const talk = await seva.conversation((one) => one.contact.name === 'Asha')
    assert.equal(talk.subject, 'A broken box')
    await until(async () => (await seva.call('GET', `/conversations/${talk.id}/messages`)).items.some((one) => one.attachments.some((file) => file.name === 'box.png' && file.state === 'ready')), 'the picture')
    await page.goto(`${seva.url}/app/inbox/all/${talk.id}`)
    const sheet = page.frameLocator('.message iframe')
    await sheet.locator('b', { hasText: 'picture' }).waitFor()
    await sheet.locator('img[src*="/api/v1/attachments/"]').waitFor()
    await shot(page, 'mail_in_fields')
    assert.deepEqual(page.problems, [])
  })
})
