// Who the visitor is: the form before the chat, signed identity across devices, the page without script;
// and that every screen of the widget is accessible.
import assert from 'node:assert/strict'
import { createHmac } from 'node:crypto'
import { test } from 'node:test'
import { axe, drawn, open } from './lib/browser.mjs'
import { answer, chat, chatFrame, openChat, settings, stage, startHost, visit } from './widget_page.mjs'

const { skip, seva, browser, host } = await stage()

const FORM = {
  enabled: true,
  fields: [
    { key: 'name', label: '', type: 'text', required: true },
    { key: 'email', label: '', type: 'email', required: false },
    { key: 'topic', label: 'What is it about?', type: 'select', required: false, options: ['Order', 'Return'] },
  ],
  consent_text: 'I agree that my messages are kept to answer me.',
  privacy_url: 'https://shop.example/privacy',
}
const NO_FORM = { enabled: false, fields: [] }
const signed = (id, more = {}) => ({ id, ...more, hash: createHmac('sha256', seva.widget.identity_secret).update(id).digest('hex') })

test('the_form_asks_before_the_first_message_and_consent_is_needed', { skip }, async () => {
  await settings(seva, { prechat: FORM })
  const page = await open(browser)
  await visit(page, host.url)
  const frame = await openChat(page)
  const { t } = chat(frame)
  await frame.getByRole('button', { name: t['prechat.start'] }).click()
  await frame.getByText(t['prechat.required']).waitFor()
  await frame.getByText(t['prechat.consent.required']).waitFor()
  assert.equal(await chat(frame).box.count(), 0)
  await frame.getByLabel('Name').fill('Nadia Rahman')
  await frame.getByLabel('Email').fill('not an address')
  await frame.getByLabel('What is it about?').selectOption('Return')
  await frame.getByRole('checkbox').check()
  await frame.getByRole('button', { name: t['prechat.start'] }).click()
  await frame.getByText(t['prechat.bad.email']).waitFor()
  await frame.getByLabel('Email').fill('nadia@example.org')
  await frame.getByRole('button', { name: t['prechat.start'] }).click()
  await chat(frame).say('I would like to return a cup')
  await chat(frame).message('return a cup').getByText('Sent').waitFor()
  const conversation = await seva.conversation((one) => one.preview?.includes('return a cup'))
  const { contact } = await seva.call('GET', `/conversations/${conversation.id}`)
  assert.equal(contact.name, 'Nadia Rahman')
  assert.equal(contact.email, 'nadia@example.org')
  await page.context().close()
  await settings(seva, { prechat: NO_FORM })
})

test('a_signed_identity_brings_the_chat_to_another_device_and_a_false_one_does_not', { skip }, async () => {
  const first = await open(browser)
  await visit(first, host.url)
  await first.evaluate((who) => window.Seva.identify(who), signed('customer-7', { name: 'Omar Said', email: 'omar@example.org' }))
  const one = chat(await openChat(first))
  await one.say('Written on the first device')
  await one.message('first device').getByText('Sent').waitFor()
  const conversation = await seva.conversation((row) => row.preview?.includes('first device'))
  assert.equal(conversation.contact.name, 'Omar Said')

  const second = await open(browser, { width: 390, height: 780, mobile: true })
  await visit(second, host.url)
  await second.evaluate((who) => window.Seva.identify(who), signed('customer-7'))
  const two = chat(await openChat(second))
  await two.message('Written on the first device').waitFor()
  await two.say('Written on the second')
  await one.message('Written on the second').waitFor()

  const thief = await open(browser)
  await visit(thief, host.url)
  await thief.evaluate((who) => window.Seva.identify(who), { ...signed('customer-7'), hash: '0'.repeat(64) })
  const frame = await openChat(thief)
  await frame.getByText(one.t['error.identity']).waitFor()
  assert.equal(await frame.getByText('Written on the first device').count(), 0)
  for (const page of [first, second, thief]) await page.context().close()
})

test('signing_out_on_the_page_leaves_nothing_of_the_chat_behind', { skip }, async () => {
  const page = await open(browser)
  await visit(page, host.url)
  await page.evaluate((who) => window.Seva.identify(who), signed('customer-8'))
  const visitor = chat(await openChat(page))
  await visitor.say('Private matter')
  await visitor.message('Private matter').getByText('Sent').waitFor()
  await page.evaluate(() => window.Seva.reset())
  await visitor.message('Private matter').waitFor({ state: 'detached' })
  await visit(page, host.url)
  const frame = await openChat(page)
  await chat(frame).box.waitFor()
  assert.deepEqual(await chat(frame).texts(), [])
  await page.context().close()
})

test('without_script_the_link_page_takes_a_message', { skip }, async () => {
  const context = await browser.newContext({ javaScriptEnabled: false })
  const page = await context.newPage()
  await page.goto(`${seva.url}/widget/link/${seva.widget.public_key}`)
  await page.getByLabel('Email').fill('lynx@example.org')
  await page.getByLabel('Your message').fill('Written in a text browser')
  await page.getByRole('checkbox').check()
  await page.getByRole('button', { name: 'Send' }).click()
  await page.getByRole('heading', { name: 'Message sent' }).waitFor()
  const conversation = await seva.conversation((one) => one.preview?.includes('Written in a text browser'))
  const { contact } = await seva.call('GET', `/conversations/${conversation.id}`)
  assert.equal(contact.email, 'lynx@example.org')
  await context.close()
})

test('the_link_page_is_the_whole_chat_when_script_runs', { skip }, async () => {
  const page = await open(browser)
  await page.goto(`${seva.url}/widget/link/${seva.widget.public_key}`)
  const visitor = chat(page)
  await visitor.say('From the link in your bio')
  await visitor.message('link in your bio').getByText('Sent').waitFor()
  assert.equal(await page.getByRole('button', { name: visitor.t['header.close'] }).count(), 0)
  assert.deepEqual(page.problems, [])
  await page.context().close()
})

test('the_test_page_carries_the_chat_of_its_key', { skip }, async () => {
  const page = await open(browser)
  await page.goto(`${seva.url}/widget/test?key=${seva.widget.public_key}`)
  await page.getByRole('button', { name: 'Open chat' }).click()
  const visitor = chat(await chatFrame(page))
  await visitor.say('A first test')
  await visitor.message('A first test').getByText('Sent').waitFor()
  assert.deepEqual(page.problems, [])
  await page.context().close()
})

const WIDTHS = [320, 390, 1200]
/** What axe finds at every width; the chat fills a phone's screen and stands as a box on wider ones. */
async function axeAtEveryWidth(page, frame, where) {
  for (const width of WIDTHS) {
    await page.setViewportSize({ width, height: 780 })
    await drawn(page)
    assert.deepEqual(await axe(frame), [], `${where} at ${width}`)
    assert.equal(await frame.evaluate(() => document.documentElement.scrollWidth <= innerWidth), true, `${where} stands out sideways at ${width}`)
  }
}

for (const scheme of ['light', 'dark']) {
  for (const lang of ['en', 'ar', 'bn']) {
    test(`axe_finds_nothing_in_the_chat_${scheme}_${lang}_at_any_width`, { skip }, async () => {
      await settings(seva, { prechat: FORM })
      const page = await open(browser, { width: WIDTHS.at(-1), height: 780, scheme, bypassCSP: true })
      const own = await startHost(seva, { lang })
      try {
        await visit(page, own.url)
        const frame = await openChat(page)
        const visitor = chat(frame, lang)
        const { t } = visitor
        await frame.getByRole('button', { name: t['prechat.start'] }).click()
        await frame.getByText(t['prechat.required']).waitFor()
        await axeAtEveryWidth(page, frame, 'the form')
        await frame.locator('#field-name').fill('A visitor with a rather long name that goes on')
        await frame.getByRole('checkbox').check()
        await frame.getByRole('button', { name: t['prechat.start'] }).click()
        const text = `axe ${scheme} ${lang}`
        await visitor.say(text)
        await visitor.message(text).getByText(t['message.state.sent']).waitFor()
        const conversation = await seva.conversation((one) => one.preview === text)
        await answer(seva, conversation.id, 'See https://shop.example/help, please.')
        await visitor.message('See https').waitFor()
        await frame.getByRole('button', { name: t['composer.emoji'] }).click()
        await axeAtEveryWidth(page, frame, 'the chat with emoji')
        await frame.getByRole('button', { name: t['header.menu'] }).click()
        await axeAtEveryWidth(page, frame, 'the menu')
      } finally {
        await page.context().close()
        await own.close()
        await settings(seva, { prechat: NO_FORM })
      }
    })
  }
}
