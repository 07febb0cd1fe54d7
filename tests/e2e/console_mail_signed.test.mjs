// Signed mails in the console: a certificate is trusted in the settings, and a mail says who signed it and whether that is verified.
// E2E_SHOTS=folder keeps the pictures.
import assert from 'node:assert/strict'
import { readFile } from 'node:fs/promises'
import { dirname, join } from 'node:path'
import { describe, test } from 'node:test'
import { fileURLToPath } from 'node:url'
import { OWNER, reasonToSkip } from './lib/seva.mjs'
import { axe, openConsole, withConsole, words } from './lib/browser.mjs'

const DATA = join(dirname(fileURLToPath(import.meta.url)), '..', 'data', 'mail_signed')
const en = { ...words('console', 'en'), ...words('networks', 'en') }
const mail = words('mail', 'en')
const filled = (text, values) => Object.entries(values).reduce((all, [name, value]) => all.replace(`{${name}}`, value), text)

describe('signatures of mails', { skip: reasonToSkip() }, () => {
  let seva, browser, channel
  withConsole(async (both) => {
    ;({ seva, browser } = both)
    channel = await seva.call('POST', '/channels', { kind: 'email', name: 'Mailbox', settings: { address: 'support@example.com' } })
  })
  const comes = async (name) => {
    const response = await fetch(seva.url + '/hooks/email/' + channel.public_key, {
      method: 'POST', headers: { 'Content-Type': 'message/rfc822', Authorization: 'Bearer ' + channel.secret }, body: await readFile(join(DATA, name)),
    })
    assert.equal(response.status, 200)
  }
  const shot = async (page, name) => {
    if (process.env.E2E_SHOTS) await page.screenshot({ path: join(process.env.E2E_SHOTS, name + '.png') })
  }

  test('a_trusted_certificate_verifies_who_signed', async () => {
    await comes('smime.eml')
    const conversation = await seva.conversation((one) => one.subject === 'My order')
    const page = await openConsole(browser, seva)
    const open = () => page.goto(`${seva.url}/app/inbox/all/${conversation.id}`)
    await open()
    await page.locator('.mail-mark', { hasText: filled(mail['signature.unknown'], { who: 'asha@example.net', how: 'S/MIME' }) }).waitFor()
    await page.goto(seva.url + '/app/settings/mail_keys')
    await page.getByText(en['mail_keys.none']).waitFor()
    await page.getByRole('button', { name: en['mail_keys.new'] }).click()
    await page.getByLabel(en['mail_keys.text']).fill(await readFile(join(DATA, 'authority.pem'), 'utf8'))
    await shot(page, 'mail_keys_new')
    await page.getByRole('button', { name: en['mail_keys.add'] }).click()
    await page.locator('.rows-row', { hasText: 'Test Authority' }).waitFor()
    assert.deepEqual(await axe(page), [])
    await shot(page, 'mail_keys')
    await open()
    await page.locator('.mail-mark-good', { hasText: filled(mail['signature.verified'], { who: 'asha@example.net', how: 'S/MIME' }) }).waitFor()
    assert.deepEqual(await axe(page), [])
    await shot(page, 'mail_signed')
    assert.deepEqual(page.problems, [])
    await page.context().close()
  })

  test('a_certificate_that_its_authority_has_revoked_says_so_and_since_when', async () => {
    const trusts = async (page, name) => {
      await page.getByRole('button', { name: en['mail_keys.new'] }).click()
      await page.getByLabel(en['mail_keys.text']).fill(await readFile(join(DATA, name), 'utf8'))
      await page.getByRole('button', { name: en['mail_keys.add'] }).click()
    }
    await comes('smime_revoked_superseded.eml')
    const conversation = await seva.conversation((one) => one.contact.name === 'Ravi Sen')
    const page = await openConsole(browser, seva, { path: 'settings/mail_keys' })
    await trusts(page, 'revoked.crl')
    await page.getByRole('dialog').getByRole('alert').waitFor() // by nobody who is trusted
    await page.getByRole('dialog').getByRole('button', { name: en['common.cancel'] }).click()
    await trusts(page, 'revoking_authority.pem')
    await page.locator('.rows-row', { hasText: 'Revoking Authority' }).waitFor()
    await trusts(page, 'revoked.crl')
    await page.locator('.rows-row', { hasText: en['mail_keys.list'] }).waitFor()
    assert.deepEqual(await axe(page), [])
    await page.goto(`${seva.url}/app/inbox/all/${conversation.id}`)
    const [says] = filled(mail['signature.revoked'], { who: 'ravi@example.net', how: 'S/MIME' }).split('{date}')
    await page.locator('.mail-mark-bad', { hasText: says }).filter({ hasText: '2025' }).waitFor()
    assert.deepEqual(await axe(page), [])
    for (const locale of process.env.E2E_SHOTS ? ['en', 'bn', 'ar'] : []) {
      await seva.as(OWNER, 'PATCH', '/me', { locale })
      for (const path of ['settings/mail_keys', `inbox/all/${conversation.id}`]) {
        const other = await openConsole(browser, seva, { path, locale, look: { locale } })
        await other.locator('.rows-row, .mail-mark-bad').first().waitFor()
        for (const width of [390, 1440]) {
          await other.setViewportSize({ width, height: 900 })
          await shot(other, `revoked_${path.slice(0, 5)}_${locale}_${width}`)
        }
        await other.context().close()
      }
    }
    assert.deepEqual(page.problems, [])
    await page.context().close()
  })
})
