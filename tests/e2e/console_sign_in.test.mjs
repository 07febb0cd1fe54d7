// The door of the console: password, second factor, invitation, the end of a session under one's hands.
import assert from 'node:assert/strict'
import { createHmac } from 'node:crypto'
import { describe, test } from 'node:test'
import { OWNER, reasonToSkip } from './lib/seva.mjs'
import { open, openConsole, signIn, withConsole, words } from './lib/browser.mjs'

const en = words('console', 'en')

/** RFC 6238 with the usual six digits and thirty seconds; `steps` looks ahead because a code works once. */
function totp(secret, steps = 0) {
  const bits = [...secret.replaceAll('=', '')].map((char) => 'ABCDEFGHIJKLMNOPQRSTUVWXYZ234567'.indexOf(char).toString(2).padStart(5, '0')).join('')
  const key = Buffer.from(bits.match(/.{8}/g).map((byte) => parseInt(byte, 2)))
  const counter = Buffer.alloc(8)
  counter.writeBigUInt64BE(BigInt(Math.floor(Date.now() / 30_000) + steps))
  const mac = createHmac('sha1', key).update(counter).digest()
  return String((mac.readUInt32BE(mac[19] & 15) & 0x7fffffff) % 1_000_000).padStart(6, '0')
}

describe('signing in', { skip: reasonToSkip() }, () => {
  let seva, browser
  withConsole((both) => {
    ;({ seva, browser } = both)
  })

  test('a_wrong_password_is_told_and_the_right_one_opens_the_inbox_and_survives_a_reload', async () => {
    const page = await open(browser)
    await page.goto(seva.url + '/app/')
    await page.locator('input[type=email]').fill(OWNER.email)
    await page.locator('input[type=password]').fill('not this one')
    await page.keyboard.press('Enter')
    await page.getByText(en['door.wrong']).waitFor()
    await page.locator('input[type=password]').fill(OWNER.password)
    await page.keyboard.press('Enter')
    await page.locator('.rail').waitFor()
    await page.reload()
    await page.locator('.rail').waitFor()
    assert.deepEqual(page.problems, [])
    await page.context().close()
  })

  test('the_session_cookie_is_out_of_reach_of_scripts', async () => {
    const page = await openConsole(browser, seva)
    const cookies = await page.context().cookies()
    assert.ok(cookies.some((one) => one.name.includes('seva_session') && one.httpOnly && one.sameSite === 'Lax'))
    assert.equal(await page.evaluate(() => document.cookie), '')
    await page.context().close()
  })

  test('an_invited_agent_chooses_a_password_and_is_in', async () => {
    const { link } = await seva.call('POST', '/agents', { email: 'new@example.org', role: 'agent' })
    const page = await open(browser)
    await page.goto(`${seva.url}/app/link/${link.url.split('/').pop()}`)
    await page.locator('input[autocomplete=name]').fill('Rahim Chowdhury')
    const fields = page.locator('input[autocomplete=new-password]')
    await fields.nth(0).fill('a quite long sentence')
    await fields.nth(1).fill('a different sentence')
    await page.locator('form button[type=submit]').click()
    await page.getByText(en['link.differs']).waitFor()
    await fields.nth(1).fill('a quite long sentence')
    await page.locator('form button[type=submit]').click()
    await page.locator('.rail').waitFor()
    await page.goto(`${seva.url}/app/link/${link.url.split('/').pop()}`)
    await page.context().clearCookies()
    await page.reload()
    await page.getByText(en['link.dead']).waitFor()
    await page.context().close()
  })

  test('a_link_opens_also_where_somebody_else_is_signed_in', async () => {
    const { link } = await seva.call('POST', '/agents', { email: 'other@example.org', name: 'Other One', role: 'agent' })
    const page = await openConsole(browser, seva)
    await page.goto(`${seva.url}/app/link/${link.url.split('/').pop()}`)
    await page.getByText('other@example.org').waitFor()
    await page.locator('input[autocomplete=name]').fill('Other One')
    for (const field of await page.locator('input[autocomplete=new-password]').all()) await field.fill('a quite long sentence')
    await page.locator('form button[type=submit]').click()
    await page.locator('.rail').waitFor()
    assert.equal((await page.evaluate(async () => (await fetch('/api/v1/session')).json())).agent.email, 'other@example.org')
    await page.context().close()
  })

  test('an_account_without_any_message_offers_the_guide', async () => {
    const page = await openConsole(browser, seva)
    await page.locator('.list-body [data-command="go.guide"]').click()
    await page.locator('.guide a[href*="/widget/test?key="]').waitFor()
    await page.context().close()
  })

  test('with_a_second_factor_the_password_alone_does_not_open', async () => {
    const who = await seva.agent('Priya Patel', 'agent')
    const page = await openConsole(browser, seva, {}, who)
    await page.goto(seva.url + '/app/settings/security')
    await page.getByRole('button', { name: en['security.totp_start'] }).click()
    const secret = (await page.locator(`pre[aria-label="${en['security.totp_secret']}"]`).textContent()).replaceAll(/\s/g, '')
    await page.locator('input[autocomplete=one-time-code]').fill(totp(secret))
    await page.getByRole('button', { name: en['security.totp_confirm'] }).click()
    const codes = (await page.locator(`pre[aria-label="${en['security.codes']}"]`).textContent()).trim().split('\n')
    assert.equal(codes.length, 10)

    const other = await open(browser)
    await other.goto(seva.url + '/app/')
    await other.locator('input[type=email]').fill(who.email)
    await other.locator('input[type=password]').fill(who.password)
    await other.keyboard.press('Enter')
    await other.locator('input[autocomplete=one-time-code]').fill('000000')
    await other.keyboard.press('Enter')
    await other.getByText(en['door.wrong_code']).waitFor()
    await other.locator('input[autocomplete=one-time-code]').fill(codes[0])
    await other.keyboard.press('Enter')
    await other.locator('.rail').waitFor()
    await other.context().close()
    await page.context().close()
  })

  test('a_session_that_ends_asks_to_sign_in_again_and_keeps_what_was_written', async () => {
    await seva.inbound({ id: 'c-9', name: 'Sofia Rossi' }, 'Buongiorno')
    const talk = await seva.conversation((one) => one.contact.name === 'Sofia Rossi')
    const page = await openConsole(browser, seva, { path: `inbox/all/${talk.id}` })
    await page.locator('.composer textarea').fill('Half a sentence')
    await page.waitForFunction(() => Object.keys(localStorage).some((key) => localStorage.getItem(key).includes('Half a sentence')))
    await page.context().clearCookies()
    await page.keyboard.press('Escape')
    await page.keyboard.press('i')
    await page.getByText(en['door.signed_out']).waitFor()
    await signIn(page, seva)
    await page.goto(`${seva.url}/app/inbox/all/${talk.id}`)
    await page.waitForFunction(() => document.querySelector('.composer textarea')?.value === 'Half a sentence')
    await page.context().close()
  })
})
