// The menu that callers hear, written in the channel's settings: every part by keyboard and name, what is wrong at its field, what nobody knows kept.
// lib/twilio.mjs plays Twilio.
import assert from 'node:assert/strict'
import { join } from 'node:path'
import { after, before, describe, test } from 'node:test'
import { OWNER, reasonToSkip, startSeva } from './lib/seva.mjs'
import { axe, launch, openConsole, words } from './lib/browser.mjs'
import { Twilio } from './lib/twilio.mjs'

const en = words('console', 'en')
const own = words('networks', 'en')
const STORED = { languages: [{ tag: 'en', greeting: 'Welcome to Seva Shop.', colour: 'kept' }], menus: { main: { prompt: 'Press 1 for an agent.', entries: [{ digit: '1', action: 'queue', note: 'kept too' }] } }, own_word: 7 }

const shot = async (page, name) => {
  if (process.env.E2E_SHOTS) await page.screenshot({ path: join(process.env.E2E_SHOTS, name + '.png'), fullPage: true })
}

describe('the menu for callers', { skip: reasonToSkip() }, () => {
  let twilio, seva, browser, channel
  const stored = async () => (await seva.call('GET', '/channels/' + channel.id)).settings.ivr
  const save = async (page) => {
    const answer = page.waitForResponse((one) => one.request().method() === 'PATCH' && one.url().includes('/channels/'))
    await page.locator('.network-actions').getByRole('button', { name: en['common.save'] }).click()
    assert.equal((await answer).status(), 200)
  }
  const menu = (page) => page.locator('.ivr-part', { has: page.locator('summary', { hasText: 'main' }) })

  before(async () => {
    twilio = await new Twilio().start()
    seva = await startSeva(twilio.options())
    browser = await launch()
    channel = await seva.call('POST', '/channels', { kind: 'voice', name: 'Hotline', settings: twilio.settings(STORED) })
  })
  after(async () => {
    await browser?.close()
    await seva?.stop()
    twilio?.stop()
  })

  test('languages_hours_holidays_and_keys_are_written_without_json_and_unknown_members_are_kept', async () => {
    const page = await openConsole(browser, seva, { path: 'settings/channels/' + channel.id })
    await page.getByText(own['ivr.languages'], { exact: true }).waitFor()
    await page.getByRole('button', { name: own['ivr.language_add'] }).click()
    const second = page.locator('.ivr-part', { hasText: 'Language 2' })
    await second.getByLabel(own['ivr.tag']).fill('bn')
    await second.getByLabel(own['ivr.greeting']).fill('সেভা শপে স্বাগতম।')
    await page.getByText(own['ivr.always']).click()
    await page.getByLabel('Monday, until').fill('18:30')
    await page.getByRole('button', { name: 'Add hours on Monday' }).click()
    await page.getByRole('button', { name: own['ivr.holiday_add'] }).click()
    await page.getByLabel('Holiday 1', { exact: true }).and(page.locator('input')).fill('2026-12-16')
    await page.getByLabel(own['ivr.yearly']).check()
    await page.getByRole('button', { name: own['ivr.entry_add'] }).click()
    const entry = page.getByRole('group', { name: 'Menu main, key 2' })
    await entry.getByLabel(own['ivr.action']).selectOption('forward')
    await page.getByText(own['ivr.wrong_to']).waitFor()
    await entry.getByLabel(own['ivr.to']).fill('+8801711000000')
    await entry.getByLabel(`${own['ivr.say']} · Bangla`).fill('সংযোগ দেওয়া হচ্ছে।')
    await page.getByText(own['ivr.transcribe']).click()
    assert.equal(await page.locator('.ivr [aria-invalid=true]').count(), 0)
    assert.deepEqual(await axe(page), [])
    await shot(page, 'ivr-wide')
    await save(page)
    const now = await stored()
    assert.equal(now.own_word, 7)
    assert.equal(now.languages[0].colour, 'kept')
    assert.deepEqual(now.languages[1], { tag: 'bn', greeting: 'সেভা শপে স্বাগতম।' })
    assert.deepEqual(now.hours.mon, ['09:00-18:30', '14:00-18:00'])
    assert.ok(now.time_zone)
    assert.deepEqual(now.holidays, ['12-16'])
    assert.deepEqual(now.menus.main.entries, [{ digit: '1', action: 'queue', note: 'kept too' }, { digit: '2', action: 'forward', to: '+8801711000000', say: { bn: 'সংযোগ দেওয়া হচ্ছে।' } }])
    assert.equal(now.transcribe, true)
    assert.deepEqual(page.problems, [])
    await page.context().close()
  })

  test('a_caller_goes_on_by_message_and_one_who_reached_nobody_is_written_to', async () => {
    const page = await openConsole(browser, seva, { path: 'settings/channels/' + channel.id })
    await menu(page).getByRole('button', { name: own['ivr.entry_add'] }).click()
    const entry = page.getByRole('group', { name: 'Menu main, key 3' })
    await entry.getByLabel(own['ivr.action']).selectOption('continue_by_message')
    await entry.getByLabel(own['ivr.channel']).selectOption(seva.api.id)
    await entry.getByLabel(`${own['ivr.text']} · English`).fill('You called us. How can we help?')
    await page.getByText(own['ivr.missed_on']).click()
    const missed = page.locator('.ivr-group', { hasText: own['ivr.missed_on'] })
    await missed.getByText(own['ivr.wrong_channel']).waitFor()
    await missed.getByLabel(own['ivr.channel']).selectOption(seva.api.id)
    await save(page)
    const now = await stored()
    assert.deepEqual(now.menus.main.entries[2], { digit: '3', action: 'continue_by_message', channel_id: seva.api.id, text: { en: 'You called us. How can we help?' } })
    assert.deepEqual(now.missed_call, { channel_id: seva.api.id })
    await page.context().close()
  })

  test('what_the_check_says_of_the_menu_stands_at_its_field', async () => {
    await seva.call('PATCH', '/channels/' + channel.id, { settings: { ivr: { ...STORED, hours: { mon: ['09:00-18:00'] }, time_zone: 'Asia/Nowhere' } } })
    const page = await openConsole(browser, seva, { path: 'settings/channels/' + channel.id })
    await menu(page).getByLabel(own['ivr.prompt']).fill('Press 1.')
    await page.getByRole('button', { name: own['check.test_these'] }).click()
    const zone = page.getByLabel(own['ivr.time_zone'])
    await page.locator('.field-error', { hasText: 'Hours need a time zone' }).waitFor()
    assert.equal(await zone.getAttribute('aria-invalid'), 'true')
    await zone.selectOption('Asia/Dhaka')
    await page.getByRole('button', { name: own['check.test_these'] }).click()
    await page.locator('.field-error', { hasText: 'Hours need a time zone' }).waitFor({ state: 'detached' })
    await page.context().close()
  })

  for (const [locale, scheme, width] of [['ar', 'dark', 390], ['bn', 'light', 390], ['en', 'dark', 1000]]) {
    test(`the_editor_fits_and_has_no_axe_violation_${locale}_${scheme}_${width}`, async () => {
      await seva.as(OWNER, 'PATCH', '/me', { locale })
      const page = await openConsole(browser, seva, { width, height: 860, scheme, locale, look: { locale }, path: 'settings/channels/' + channel.id })
      await page.getByText(words('networks', locale)['ivr.languages'], { exact: true }).waitFor()
      await page.evaluate(() => document.querySelectorAll('.ivr details').forEach((one) => (one.open = true)))
      assert.deepEqual(await axe(page), [])
      assert.ok(await page.evaluate(() => [document.documentElement, document.querySelector('#main')].every((one) => one.scrollWidth <= one.clientWidth + 1)), 'scrolls sideways')
      await page.locator('.ivr-day').first().scrollIntoViewIfNeeded()
      await shot(page, `ivr-${locale}-${scheme}-${width}`)
      await page.context().close()
    })
  }
})
