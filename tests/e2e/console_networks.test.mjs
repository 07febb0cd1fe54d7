// Networks in the console: one is connected and tested, messages come in and are answered, public and private stay apart, refused credentials are mended.
// seva-sim plays the networks. E2E_SHOTS=folder keeps the pictures.
import assert from 'node:assert/strict'
import { randomUUID } from 'node:crypto'
import { join } from 'node:path'
import { after, before, describe, test } from 'node:test'
import { OWNER, reasonToSkip, startSeva, until } from './lib/seva.mjs'
import { axe, hears, launch, openConsole, words } from './lib/browser.mjs'
import { simBinary, startNetworks } from './lib/networks.mjs'

const en = words('console', 'en')
const own = words('networks', 'en')
/** Two seconds of silence. */
const WAV = Buffer.concat([Buffer.from('524946462480000057415645666d74201000000001000100401f0000803e0000020010006461746100800000', 'hex'), Buffer.alloc(32_768)]).toString('base64')
const ASHA = { id: '777', name: 'Asha Rahman', handle: 'asha_r' }
const OMAR = { id: '778', name: 'Omar Live', handle: 'omar_l' }
const MAYA = { id: '9001', name: 'Maya Fernández' }
const PAGE = { id: '1029384756', token: 'EAAGsevaPageToken123', secret: 'seva-meta-app-secret-0001' }

const shot = async (page, name) => {
  if (process.env.E2E_SHOTS) await page.screenshot({ path: join(process.env.E2E_SHOTS, name + '.png') })
}
const message = (page, text) => page.locator('.message', { hasText: text })
const composer = (page) => page.locator('.composer textarea')
const ended = async (page) => {
  assert.deepEqual(page.problems, [])
  await page.context().close()
}

describe('networks', { skip: reasonToSkip() || (simBinary() ? false : 'SEVA_SIM_BIN does not name a seva-sim binary') }, () => {
  let net, seva, browser, bot
  const channelOf = async (kind) => (await seva.call('GET', '/channels')).items.find((one) => one.kind === kind)
  const taken = async (network, text) => (await net.taken(network)).filter((one) => one.text === text && one.outcome === 'accepted').length
  const talkOf = (name) => seva.conversation((one) => one.contact.name === name)

  before(async () => {
    net = await startNetworks()
    seva = await startSeva(net.options({ telegram: 'api', facebook: 'graph', whatsapp: 'graph' }))
    browser = await launch()
    bot = await net.account('telegram')
    await seva.call('PATCH', '/account', { undo_seconds: 0 })
  })
  after(async () => {
    await browser?.close()
    await seva?.stop()
    await net?.stop()
  })

  test('a_network_is_chosen_tested_and_connected_and_its_secret_is_never_shown_again', async () => {
    const page = await openConsole(browser, seva, { path: 'settings/channels' })
    await page.getByRole('button', { name: en['channels.new'] }).click()
    await page.getByRole('link', { name: 'Telegram' }).click()
    const token = page.getByLabel(own['setting.bot_token'])
    await token.fill('123456:wrong')
    await page.getByRole('button', { name: own['check.test'] }).click()
    await page.getByText(own['check.reauth']).waitFor()
    await token.fill(bot.token)
    await page.getByRole('button', { name: own['check.test'] }).click()
    await page.getByText(own['check.works']).waitFor()
    assert.match(await page.locator('.check').innerText(), /@seva_sim_bot/)
    await page.getByText(own['role.support'], { exact: true }).click()
    assert.deepEqual(await axe(page), [])
    await shot(page, 'networks-connect')
    await page.getByRole('button', { name: own['connect.go'], exact: true }).click()
    await page.getByRole('button', { name: en['channels.set_up'] }).click()
    await page.getByText(own['secret.is_set']).waitFor()
    const channel = await channelOf('telegram')
    assert.equal(channel.handle_role, 'support')
    assert.equal(channel.handle, '@seva_sim_bot')
    assert.ok(!(await page.content()).includes(bot.token), 'the token stands in the page')
    await until(async () => (await net.account('telegram')).callback === channel.hook_url, 'the network being told where to call')
    assert.deepEqual(await axe(page), [])
    await ended(page)
  })

  test('the_open_page_of_a_channel_follows_what_happens_to_it_and_keeps_what_is_typed_there', async () => {
    const channel = await channelOf('telegram')
    const page = await openConsole(browser, seva, { path: 'settings/channels/' + channel.id })
    const fact = (label) => page.locator('.health div', { hasText: own[label] }).locator('dd')
    const token = page.getByLabel(own['setting.bot_token'])
    const handle = page.getByLabel(own['handle.title'])
    await page.locator('.network-form').first().waitFor()
    await hears(page)
    assert.deepEqual([await fact('health.last_in').innerText(), await fact('health.last_out').innerText()], [own['health.never'], own['health.never']])
    await page.getByLabel(en['channels.name']).fill('Half a na')
    await page.getByRole('button', { name: own['secret.replace_name'].replace('{name}', own['setting.bot_token']) }).click()
    await token.fill('123456:half')

    await net.say('telegram', { from: OMAR, text: 'Anybody there?' })
    await page.waitForFunction((never) => !document.querySelector('.health dd').textContent.includes(never), own['health.never'])
    const talk = await talkOf(OMAR.name)
    await seva.call('POST', `/conversations/${talk.id}/messages`, { kind: 'reply', text: 'Yes.', client_id: randomUUID(), seen_message_id: talk.last_message_id })
    await page.waitForFunction((never) => !document.querySelector('.health').textContent.includes(never), own['health.never'])

    await seva.call('PATCH', '/channels/' + channel.id, { handle: '@elsewhere', name: 'Named elsewhere' })
    await page.getByRole('heading', { name: 'Named elsewhere' }).waitFor()
    assert.equal(await handle.inputValue(), '@elsewhere', 'nobody was writing there')

    await net.call('POST', 'accounts', { network: 'telegram', id: bot.id, is_revoked: true })
    await seva.call('POST', `/conversations/${talk.id}/messages`, { kind: 'reply', text: 'Still there?', client_id: randomUUID(), seen_message_id: talk.last_message_id })
    await page.locator('.refused').waitFor()
    await page.locator('.health-bad').first().waitFor()
    await until(async () => (await fact('health.waiting').innerText()) === '1', 'what waits being counted')

    await net.call('POST', 'accounts', { network: 'telegram', id: bot.id, is_revoked: false })
    await seva.call('PATCH', '/channels/' + channel.id, { settings: { bot_token: bot.token } })
    await page.locator('.refused').waitFor({ state: 'detached' })
    await until(async () => (await fact('health.waiting').innerText()) === '0', 'nothing waiting any more')
    assert.deepEqual([await page.getByLabel(en['channels.name']).inputValue(), await token.inputValue()], ['Half a na', '123456:half'])
    await ended(page)
    await seva.call('PATCH', '/channels/' + channel.id, { handle: channel.handle, name: channel.name })
  })

  test('places_cards_and_voice_notes_stand_in_the_timeline_and_an_answer_reaches_the_network_once', async () => {
    const page = await openConsole(browser, seva)
    await net.say('telegram', { from: ASHA, text: 'Where is my parcel?' })
    await net.say('telegram', { from: ASHA, content: { location: { latitude: 23.8103, longitude: 90.4125 } } })
    await net.say('telegram', { from: ASHA, content: { contact: { phone_number: '+8801711000000', first_name: 'Rina', last_name: 'Das' } } })
    await net.say('telegram', { from: ASHA, media: [{ content_type: 'audio/wav', name: 'note.wav', base64: WAV }] })
    await page.locator('.row', { hasText: ASHA.name }).locator('a').click()
    await message(page, 'Where is my parcel?').waitFor()
    assert.match(await page.getByRole('link', { name: new RegExp(en['part.open_map']) }).getAttribute('href'), /mlat=23\.8103&mlon=90\.4125/)
    assert.equal(await page.getByRole('link', { name: '+8801711000000' }).getAttribute('href'), 'tel:+8801711000000')
    await page.locator('audio[controls]').waitFor()
    await composer(page).fill('Hello Asha, I am looking into it. 🙂')
    await page.locator('.length', { hasText: '36 / 4,096' }).waitFor()
    await page.keyboard.press('Control+Enter')
    await until(async () => (await taken('telegram', 'Hello Asha, I am looking into it. 🙂')) === 1, 'the answer reaching the network')
    assert.deepEqual(await axe(page), [])
    await shot(page, 'networks-telegram')
    await ended(page)
  })

  test('one_message_is_answered_and_reacted_to_and_what_the_customer_corrects_is_marked', async () => {
    const talk = await talkOf(ASHA.name)
    const page = await openConsole(browser, seva, { path: 'inbox/all/' + talk.id })
    const first = page.locator('.message-in', { hasText: 'Where is my parcel?' })
    await first.hover()
    await first.getByRole('button', { name: en['act.more'] }).click()
    await page.getByRole('menuitem', { name: en['act.answer'] }).click()
    await page.locator('.composer-answered', { hasText: 'Where is my parcel?' }).waitFor()
    await composer(page).fill('This one arrives tomorrow.')
    await page.keyboard.press('Control+Enter')
    await message(page, 'This one arrives tomorrow.').locator('.quote', { hasText: 'Where is my parcel?' }).waitFor()
    await first.hover()
    await first.getByRole('button', { name: en['act.react'] }).click()
    await page.locator('.emoji-grid button', { hasText: '👍' }).first().click()
    await first.locator('.reactions', { hasText: '👍' }).waitFor()
    const said = await net.say('telegram', { from: ASHA, text: 'My street is Lake Raod 4' })
    await message(page, 'Lake Raod').waitFor()
    await net.say('telegram', { from: ASHA, kind: 'edit', reply_to: said.id, text: 'My street is Lake Road 4' })
    await message(page, 'Lake Road 4').getByText(en['message.edited']).waitFor()
    await ended(page)
  })

  test('a_text_longer_than_the_network_takes_goes_in_as_many_messages_as_the_composer_says', async () => {
    const talk = await talkOf(ASHA.name)
    const page = await openConsole(browser, seva, { path: 'inbox/all/' + talk.id })
    // Cut after sentences: three, where two would have room for it.
    await composer(page).fill('pieces '.repeat(356) + 'word. ' + 'pieces '.repeat(356) + 'word. ' + 'pieces '.repeat(400))
    await page.locator('.length-warn', { hasText: '7,795 / 4,096' }).waitFor()
    await page.getByText('The text goes as 3 messages').waitFor()
    await page.keyboard.press('Control+Enter')
    const pieces = async () => (await net.taken('telegram')).filter((one) => one.text?.startsWith('pieces ') && one.outcome === 'accepted')
    await until(async () => (await pieces()).length === 3, 'three messages reaching the network')
    assert.ok((await pieces()).at(-1).text.endsWith('pieces'))
    await ended(page)
  })

  test('a_public_comment_shows_its_post_and_personal_data_needs_a_second_look', async () => {
    const made = await seva.call('POST', '/channels', { kind: 'facebook', name: 'Seva Shop page', external_id: PAGE.id, handle: 'Seva Shop', handle_role: 'brand', settings: { app_secret: PAGE.secret, access_token: PAGE.token } })
    await net.call('POST', 'accounts', { network: 'facebook', id: PAGE.id, callback: made.hook_url, verify_token: made.secret })
    await net.say('facebook', { from: MAYA, kind: 'comment', conversation: PAGE.id + '_555', text: 'My order has not arrived for two weeks!' })
    const talk = await talkOf(MAYA.name)
    const page = await openConsole(browser, seva, { path: 'inbox/all/' + talk.id })
    await page.locator('.post summary').waitFor()
    assert.equal(await page.getByRole('button', { name: en['composer.public'] }).getAttribute('aria-pressed'), 'true')
    const reply = 'Please call us at +1 415 555 2671.'
    await composer(page).fill(reply)
    await page.keyboard.press('Control+Enter')
    const look = page.getByRole('alertdialog')
    await look.waitFor()
    assert.deepEqual(await look.locator('mark').allTextContents(), ['+1 415 555 2671'])
    assert.equal(await taken('facebook', reply), 0)
    assert.deepEqual(await axe(page), [])
    await shot(page, 'networks-personal')
    await look.getByRole('button', { name: en['personal.private'] }).click()
    await until(async () => (await seva.messages(talk.id)).some((one) => one.text === reply && one.visibility === 'private'), 'the reply going out in private')
    await until(async () => (await taken('facebook', reply)) === 1, 'the private reply on the network')
    await page.locator('.visibility', { hasText: en['message.private'] }).waitFor()
    await page.locator('.visibility-public', { hasText: en['message.public'] }).first().waitFor()
    await shot(page, 'networks-public')
    await ended(page)
  })

  test('a_conversation_goes_on_in_private_from_the_palette_of_channels', async () => {
    const talk = await talkOf(MAYA.name)
    const page = await openConsole(browser, seva, { path: 'inbox/all/' + talk.id })
    await page.getByRole('button', { name: en['composer.public'] }).click()
    await page.locator('.timeline').focus()
    await page.keyboard.press('Shift+M')
    await page.getByRole('option', { name: /Reply in private on Facebook/ }).click()
    await page.locator('.composer-tab-private[aria-pressed=true]').waitFor()
    await ended(page)
  })

  test('what_the_network_never_told_of_is_found_and_stands_in_the_ledger', async () => {
    const channel = await channelOf('facebook')
    const page = await openConsole(browser, seva, { path: 'settings/channels/' + channel.id })
    await page.getByText(own['ledger.none']).waitFor()
    await net.call('POST', 'faults', { network: 'facebook', target: 'webhooks', mode: 'drop' })
    await net.call('POST', 'clock', { set_ms: Date.now() - 20 * 60_000 }) // what is younger may still be on its way
    await net.say('facebook', { from: MAYA, text: 'Did you get my letter?' })
    await net.call('POST', 'clock', { mode: 'real' })
    await page.getByRole('button', { name: own['ledger.start'] }).click()
    const run = page.locator('.ledger .rows-row', { hasText: 'are here now' }).or(page.locator('.ledger .rows-row', { hasText: 'is here now' }))
    await run.locator('summary').click()
    await run.getByText('Did you get my letter?').waitFor()
    await net.call('POST', 'faults', { network: 'facebook', clear: true })
    await until(async () => (await seva.call('GET', '/conversations?q=letter')).items.length > 0, 'the letter being in the inbox')
    await page.locator('.ledger').scrollIntoViewIfNeeded()
    assert.deepEqual(await axe(page), [])
    await shot(page, 'networks-ledger')
    await ended(page)
  })

  test('refused_credentials_are_told_in_the_inbox_and_new_ones_open_the_channel_again', async () => {
    const talk = await talkOf(ASHA.name)
    const page = await openConsole(browser, seva, { path: 'inbox/all/' + talk.id })
    await net.call('POST', 'accounts', { network: 'telegram', id: bot.id, is_revoked: true })
    await composer(page).fill('Are you still there?')
    await page.keyboard.press('Control+Enter')
    await page.locator('.banner-bad').waitFor()
    await page.locator('.banner-bad').getByRole('button').click()
    await page.locator('.refused').waitFor()
    assert.deepEqual(await axe(page), [])
    await shot(page, 'networks-refused')
    await net.call('POST', 'accounts', { network: 'telegram', id: bot.id, is_revoked: false })
    await page.getByRole('button', { name: own['refused.replace'] }).click()
    await page.getByRole('button', { name: own['secret.replace_name'].replace('{name}', own['setting.bot_token']) }).click()
    await page.getByLabel(own['setting.bot_token']).fill(bot.token)
    await page.locator('.network-actions').getByRole('button', { name: en['common.save'] }).click()
    await page.locator('.refused').waitFor({ state: 'detached' })
    await until(async () => (await channelOf('telegram')).pace.state === 'open', 'the channel being open again')
    await ended(page)
  })

  test('somebody_is_written_to_first_by_a_template_at_their_number', async () => {
    const settings = { business_account_id: '88001', access_token: 'EAAGsevaPageToken123', app_secret: 'seva-meta-app-secret-0001' }
    const channel = await seva.call('POST', '/channels', { kind: 'whatsapp', name: 'WhatsApp care', external_id: '99001', settings })
    await seva.call('POST', `/channels/${channel.id}/templates/sync`)
    const page = await openConsole(browser, seva, { path: 'contacts' })
    await page.getByRole('button', { name: en['start.title'] }).click()
    const dialog = page.getByRole('dialog')
    await dialog.getByLabel(en['filter.channel']).selectOption({ label: 'WhatsApp care' })
    await dialog.getByLabel(en['contact.name']).fill('Ravi')
    await dialog.getByLabel(en['contact.phone']).fill('+1 (555) 777-0009')
    await dialog.getByRole('button', { name: /order_update/ }).click()
    await dialog.getByLabel(own['template.variable'].replace('{name}', '1')).fill('Ravi')
    await dialog.getByLabel(own['template.variable'].replace('{name}', '2')).fill('1207')
    assert.deepEqual(await axe(page), [])
    await shot(page, 'networks-begin')
    await dialog.getByRole('button', { name: own['template.send'] }).click()
    await page.waitForURL(/inbox/)
    await until(async () => (await net.taken('whatsapp')).some((one) => one.outcome === 'accepted'), 'the template reaching the network')
    await ended(page)
  })

  for (const [locale, scheme, width] of [['en', 'dark', 1440], ['ar', 'light', 1440], ['bn', 'dark', 1000], ['ar', 'dark', 390], ['en', 'light', 390]]) {
    test(`pages_of_networks_have_no_axe_violation_and_scroll_no_way_but_down_${locale}_${scheme}_${width}`, async () => {
      await seva.as(OWNER, 'PATCH', '/me', { locale })
      const page = await openConsole(browser, seva, { width, height: 860, scheme, locale, path: 'settings/channels', look: { locale } })
      const routes = { gallery: 'settings/channels/new', form: 'settings/channels/connect-whatsapp', channel: 'settings/channels/' + (await channelOf('telegram')).id, private: 'inbox/all/' + (await talkOf(ASHA.name)).id, public: 'inbox/all/' + (await talkOf(MAYA.name)).id }
      for (const [name, route] of Object.entries(routes)) {
        await page.goto(`${seva.url}/app/${route}`)
        await page.locator('.network-card, .network-form, .message-in').first().waitFor()
        await page.waitForFunction(() => !document.querySelector('#main .spinner, .lazy'))
        assert.deepEqual(await axe(page), [], route)
        assert.ok(await page.evaluate(() => [document.documentElement, ...document.querySelectorAll('#main, .timeline, .settings-page')].every((one) => one.scrollWidth <= one.clientWidth + 1)), `${route} scrolls sideways`)
        await shot(page, `networks-${name}-${locale}-${scheme}-${width}`)
      }
      await ended(page)
    })
  }
})
