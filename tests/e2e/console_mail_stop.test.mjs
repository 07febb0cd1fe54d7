// A mail that waits for a busy server, in the console: it says until when, and an agent gives it up: who has it keeps it, and the mail says who stopped
// it. E2E_SHOTS=folder keeps the pictures.
import assert from 'node:assert/strict'
import { join } from 'node:path'
import { after, describe, test } from 'node:test'
import { OWNER, reasonToSkip, startSeva, until } from './lib/seva.mjs'
import { axe, launch, openConsole, words } from './lib/browser.mjs'
import { Smtp } from './lib/smtp.mjs'

const MAILBOX = 'care@example.com'

describe('mails that wait', { skip: reasonToSkip() }, () => {
  test('an_agent_gives_up_a_mail_that_waits', async () => {
    const mails = words('mail', 'en')
    const smtp = await new Smtp().start()
    after(() => smtp.stop())
    smtp.full.add('ben@example.net')
    const seva = await startSeva(['--egress-allow', 'mail=127.0.0.0/8'])
    after(() => seva.stop())
    await seva.call('PATCH', '/account', { undo_seconds: 0 })
    await seva.as(OWNER, 'PATCH', '/me', { name: OWNER.name })
    const mailbox = await seva.call('POST', '/channels', { kind: 'email', name: 'Care', external_id: MAILBOX, settings: { address: MAILBOX, password: 's3cret', receivers: 'mx.example.com', smtp_host: '127.0.0.1', smtp_port: String(smtp.port), smtp_security: 'none' } })
    const mail = ['Authentication-Results: mx.example.com; dmarc=pass header.from=example.net', 'From: Asha <asha@example.net>', `To: ${MAILBOX}`, 'Subject: Where is it?', 'Message-ID: <1@example.net>', 'Content-Type: text/plain', '', 'Where is it?', ''].join('\r\n')
    const response = await fetch(`${seva.url}/hooks/email/${mailbox.public_key}`, { method: 'POST', headers: { 'Content-Type': 'message/rfc822', Authorization: `Bearer ${mailbox.secret}` }, body: mail })
    assert.equal(response.status, 200, await response.text())
    const talk = await seva.conversation((one) => one.contact.name === 'Asha')
    const sent = await seva.call('POST', `/conversations/${talk.id}/messages`, { kind: 'reply', text: 'It comes today.', client_id: '00000000-0000-4000-9000-000000000001', seen_message_id: talk.last_message_id, mail: { cc: [{ name: 'Ben', address: 'ben@example.net' }] } })
    await until(async () => (await seva.call('GET', `/messages/${sent.id}/mail`)).is_waiting, 'the mail that waits')
    const browser = await launch()
    after(() => browser.close())
    const page = await openConsole(browser, seva, { path: `inbox/all/${talk.id}` })
    const ours = page.locator('.message-out')
    const line = ours.locator('.mail-note', { hasText: mails['waiting.again'].split('{')[0].trim() })
    await line.waitFor()
    if (process.env.E2E_SHOTS) await page.screenshot({ path: join(process.env.E2E_SHOTS, 'mail_waits.png') })
    await line.getByRole('button', { name: mails['waiting.stop'] }).click()
    const asked = ours.locator('.mail-note', { hasText: mails['waiting.sure'] })
    await asked.waitFor()
    if (process.env.E2E_SHOTS) await page.screenshot({ path: join(process.env.E2E_SHOTS, 'mail_stop_asked.png') })
    assert.deepEqual(await axe(page), [])
    await asked.getByRole('button', { name: mails['waiting.do'], exact: true }).click()
    await ours.locator('.mail-note-warn', { hasText: `Stopped by ${OWNER.name}` }).waitFor()
    assert.equal(await ours.locator('.message-error').count(), 0) // what is told beside the mail is not told again below it
    assert.equal(await ours.getByRole('button', { name: mails['waiting.stop'] }).count(), 0)
    if (process.env.E2E_SHOTS) await page.screenshot({ path: join(process.env.E2E_SHOTS, 'mail_stopped.png') })
    const { recipients, again_at } = await seva.call('GET', `/messages/${sent.id}/mail`)
    for (const locale of ['bn', 'ar']) {
      const there = words('mail', locale)
      await seva.as(OWNER, 'PATCH', '/me', { locale })
      const other = await openConsole(browser, seva, { path: `inbox/all/${talk.id}`, locale, look: { locale } })
      const note = other.locator('.message-out .mail-note-warn', { hasText: OWNER.name })
      await note.waitFor()
      const says = await note.innerText()
      for (const piece of there['reach.stopped_by'].split(/\{\w+\}/)) assert.ok(says.includes(piece.trim()), `${says}: ${piece}`)
      assert.doesNotMatch(says, /Stopped|UTC/)
      assert.equal(await other.locator('.message-out .message-error').count(), 0)
      assert.deepEqual(await axe(other), [])
      for (const width of process.env.E2E_SHOTS ? [390, 1440] : []) {
        await other.setViewportSize({ width, height: 900 })
        await other.screenshot({ path: join(process.env.E2E_SHOTS, `mail_stopped_${locale}_${width}.png`) })
      }
      assert.deepEqual(other.problems, [])
      await other.context().close()
    }
    assert.deepEqual(recipients.map((one) => [one.address, one.state]), [['asha@example.net', 'taken'], ['ben@example.net', 'stopped']])
    assert.equal(again_at, null)
    assert.equal(smtp.mails.length, 1)
    assert.deepEqual(page.problems, [])
  })
})
