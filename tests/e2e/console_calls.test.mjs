// The telephone in the console: a caller waits and is taken, the call stands in the conversation, after it a note; voicemail with its words; click to call.
// lib/twilio.mjs plays Twilio.
import assert from 'node:assert/strict'
import { join } from 'node:path'
import { after, before, describe, test } from 'node:test'
import { OWNER, reasonToSkip, startSeva, until } from './lib/seva.mjs'
import { axe, hears, holdAnswers, launch, openConsole, words } from './lib/browser.mjs'
import { Twilio } from './lib/twilio.mjs'

const en = words('console', 'en')
const own = words('networks', 'en')
const ASHA = '+15557770001'
const PHONE = '+15559990001'

const shot = async (page, name) => {
  if (process.env.E2E_SHOTS) await page.screenshot({ path: join(process.env.E2E_SHOTS, name + '.png') })
}

describe('calls', { skip: reasonToSkip() }, () => {
  let twilio, seva, browser, channel, call
  const callOf = async () => (await seva.call('GET', '/calls?limit=20')).items.find((one) => one.number === ASHA)
  const tell = (step, more) => twilio.tell(channel.hook_url, call, step, more)

  before(async () => {
    twilio = await new Twilio().start()
    seva = await startSeva(twilio.options())
    browser = await launch()
    channel = await seva.call('POST', '/channels', { kind: 'voice', name: 'Hotline', settings: twilio.settings() })
  })
  after(async () => {
    await browser?.close()
    await seva?.stop()
    twilio?.stop()
  })

  test('without_calls_the_page_says_so', async () => {
    const page = await openConsole(browser, seva, { path: 'inbox/all' })
    await page.getByRole('link', { name: en['nav.calls'] }).click()
    await page.getByText(own['calls.empty']).waitFor()
    await page.getByText(own['calls.queue_none']).waitFor()
    assert.deepEqual(await axe(page), [])
    await page.context().close()
  })

  test('a_caller_waits_and_is_taken_once_the_agent_has_a_phone_and_a_note_ends_the_work_after_it', async () => {
    const page = await openConsole(browser, seva, { path: 'calls' })
    call = twilio.caller(ASHA, 'Asha')
    await tell()
    await until(callOf, 'the call being in the log')
    const late = await holdAnswers(page, '**/api/v1/calls?*')
    await page.reload()
    await late.asked
    await hears(page)
    await tell('wait', { QueuePosition: '1', CallStatus: 'in-progress' })
    const take = page.getByRole('button', { name: /^Take the call of/ })
    await take.waitFor()
    await late.release() // the list as it was before the caller waited takes nothing back
    await page.locator('.calls .spinner').waitFor({ state: 'detached' })
    await page.locator('.calls .rows .chip', { hasText: 'Waits, place' }).waitFor()
    assert.equal(await page.locator('.rail-place[href="/app/calls"] .rail-badge').innerText(), '1')
    await shot(page, 'calls-queue')
    assert.deepEqual(await axe(page), [])
    await take.click()
    await page.getByRole('button', { name: en['call.set_phone'] }).click()
    const phone = page.getByLabel(en['profile.phone'])
    await phone.fill('12')
    await page.getByRole('button', { name: en['common.save'] }).click()
    await page.getByText('A number is written like').waitFor()
    assert.equal(await phone.getAttribute('aria-invalid'), 'true')
    await phone.fill(PHONE)
    await page.getByRole('button', { name: en['common.save'] }).click()
    await page.locator('.toast', { hasText: en['done.saved'] }).waitFor()
    await page.getByRole('link', { name: en['nav.calls'] }).click()
    await take.click()
    await until(() => twilio.asked.some((one) => one.path.endsWith(`/Calls/${call.CallSid}.json`) && one.form.Twiml?.includes(PHONE)), 'Twilio being told to ring the agent')
    await twilio.tell(channel.hook_url, { ...call, CallSid: 'CA' + '9'.repeat(32), ParentCallSid: call.CallSid, Direction: 'outbound-dial', From: ASHA, To: PHONE, CallStatus: 'in-progress', CallbackSource: 'call-progress-events' }, 'answered')
    const dock = page.locator('.dock')
    await dock.getByText(/^Talking for/).waitFor()
    await dock.getByRole('link', { name: own['calls.open'] }).click()
    await page.locator('.call-live', { hasText: own['calls.state_answered'] }).waitFor()
    assert.deepEqual(await axe(page), [])
    await shot(page, 'calls-talking')
    await tell('taken', { DialCallStatus: 'completed', DialCallDuration: '125', CallStatus: 'in-progress' })
    await tell('', { CallStatus: 'completed', CallbackSource: 'call-progress-events', CallDuration: '140' })
    await dock.getByLabel(own['calls.note']).fill('Will send the parcel again.')
    await dock.getByText(/^Running for/).waitFor()
    assert.deepEqual(await axe(page), [])
    await shot(page, 'calls-after')
    await dock.getByRole('button', { name: own['calls.done'] }).click()
    await dock.waitFor({ state: 'detached' })
    await page.locator('.message-note', { hasText: 'Will send the parcel again.' }).waitFor()
    await page.locator('.part', { hasText: '2 min 5 s' }).waitFor()
    assert.equal((await callOf()).outcome, 'answered')
    assert.deepEqual(page.problems, [])
    await page.context().close()
  })

  test('a_voicemail_has_a_player_and_its_words', async () => {
    call = twilio.caller('+15557770002', 'Rina')
    const recording = { RecordingSid: 'RE' + '0'.repeat(31) + '3' }
    await tell()
    await tell('voicemail', { ...recording, RecordingDuration: '7', RecordingUrl: twilio.url + '/x', CallStatus: 'completed' })
    await tell('', { CallStatus: 'completed', CallbackSource: 'call-progress-events', CallDuration: '12' })
    let left
    await until(async () => (left = (await seva.call('GET', '/calls?outcome=voicemail')).items[0])?.state === 'ended', 'the end of the call being known')
    const page = await openConsole(browser, seva, { path: 'inbox/all/' + left.conversation_id })
    await page.locator('.part', { hasText: en['part.call_voicemail'] }).waitFor()
    await page.locator('audio[controls]').waitFor()
    await tell('transcribed', { ...recording, TranscriptionStatus: 'completed', TranscriptionText: 'Where is my order?' })
    await page.locator('.message', { hasText: 'Where is my order?' }).getByText(en['part.transcript']).waitFor()
    assert.deepEqual(await axe(page), [])
    await shot(page, 'calls-voicemail')
    await page.context().close()
  })

  test('a_number_of_a_contact_is_called_with_a_click', async () => {
    const first = await callOf()
    const page = await openConsole(browser, seva, { path: 'inbox/all/' + first.conversation_id })
    await page.getByRole('button', { name: `Call ${ASHA}` }).click()
    await page.getByText(en['call.rings']).waitFor()
    await until(() => twilio.asked.some((one) => one.path.endsWith('/Calls.json') && one.form.To === PHONE), 'Twilio ringing the agent')
    await page.locator('.dock').getByRole('button', { name: own['calls.hang_up'] }).click()
    await until(() => twilio.asked.some((one) => one.path.endsWith(`/Calls/${twilio.made}.json`) && one.form.Status === 'completed'), 'Twilio ending the call')
    await page.context().close()
  })

  for (const [locale, scheme, width] of [['en', 'light', 1440], ['ar', 'dark', 390], ['bn', 'light', 390]]) {
    test(`the_log_is_filtered_fits_and_has_no_axe_violation_${locale}_${scheme}_${width}`, async () => {
      await seva.as(OWNER, 'PATCH', '/me', { locale })
      const said = words('networks', locale)
      const page = await openConsole(browser, seva, { width, height: 800, scheme, locale, look: { locale }, path: 'calls' })
      await page.locator('.calls .rows .chip', { hasText: said['calls.outcome_voicemail'] }).waitFor()
      await shot(page, `calls-${locale}-${scheme}-${width}`)
      await page.getByLabel(said['calls.filter_outcome']).selectOption('answered')
      await page.locator('.calls .rows .chip', { hasText: said['calls.outcome_voicemail'] }).waitFor({ state: 'detached' })
      await page.getByLabel(said['calls.filter_outcome']).selectOption('failed')
      await page.getByText(said['calls.none']).waitFor()
      assert.deepEqual(await axe(page), [])
      assert.ok(await page.evaluate(() => [document.documentElement, document.querySelector('#main')].every((one) => one.scrollWidth <= one.clientWidth + 1)), 'scrolls sideways')
      await page.context().close()
    })
  }
})
