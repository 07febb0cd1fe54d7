// Mails in the console: an answer with formatting, a picture, a copy and the quote; its draft and its undo; a new mail, one that is passed on, one that
// goes out later; the mailbox's own texts. E2E_SHOTS=folder keeps the pictures.
import assert from 'node:assert/strict'
import { join } from 'node:path'
import { describe, test } from 'node:test'
import { OWNER, reasonToSkip, until } from './lib/seva.mjs'
import { axe, openConsole, withConsole, words } from './lib/browser.mjs'

const en = words('console', 'en')
const enMail = words('mail', 'en')
const own = words('networks', 'en')
const PIXEL = 'iVBORw0KGgoAAAANSUhEUgAAAAEAAAABCAYAAAAfFcSJAAAADUlEQVR42mNk+M9QDwADhgGAWjR9awAAAABJRU5ErkJggg=='

describe('mails that are written', { skip: reasonToSkip() }, () => {
  let seva, browser, mailbox
  let count = 0
  withConsole(async (both) => {
    ;({ seva, browser } = both)
    await seva.call('PATCH', '/account', { undo_seconds: 30 })
    await seva.as(OWNER, 'PATCH', '/me', { name: OWNER.name })
    mailbox = await seva.call('POST', '/channels', {
      kind: 'email', name: 'Support',
      settings: { address: 'support@example.com', receivers: 'mx.example.com', from_name: '{{agent.first_name}} of {{channel.name}}', signature: '{{agent.name}}\n{{channel.name}}' },
    })
  })
  const arrives = async (name, body = '<p>It is <b>broken</b>.</p>', headers = '') => {
    const id = `${++count}@example.net`
    const response = await fetch(`${seva.url}${new URL(mailbox.hook_url).pathname}`, {
      method: 'POST',
      headers: { 'Content-Type': 'message/rfc822', Authorization: `Bearer ${mailbox.secret}` },
      body: `Authentication-Results: mx.example.com; dmarc=pass header.from=example.net\r\nFrom: =?utf-8?B?${Buffer.from(name).toString('base64')}?= <c${count}@example.net>\r\nTo: support@example.com\r\nCc: Ben <ben@example.net>\r\nSubject: Where is it?\r\nMessage-ID: <${id}>\r\n${headers}Content-Type: text/html; charset=utf-8\r\n\r\n${body}\r\n`,
    })
    assert.equal(response.status, 200, await response.text())
    return seva.conversation((one) => one.contact.name === name)
  }
  const at = async (conversation, options = {}) => {
    const page = await openConsole(browser, seva, { path: `inbox/all/${conversation.id}`, ...options })
    await page.locator('.mail-compose').waitFor()
    return page
  }
  const field = (page) => page.locator('.rich-field')
  const ours = async (conversation) => (await seva.messages(conversation.id)).filter((one) => one.kind === 'out' && one.state !== 'cancelled')
  const sent = async (conversation) => {
    await until(async () => (await ours(conversation)).length > 0, 'the mail reaching the server')
    const message = (await ours(conversation))[0]
    return { message, mail: await seva.call('GET', `/messages/${message.id}/mail`) }
  }
  const pastePicture = (page) =>
    page.evaluate((data) => {
      const bytes = Uint8Array.from(atob(data), (one) => one.charCodeAt(0))
      const transfer = new DataTransfer()
      transfer.items.add(new File([bytes], 'shot.png', { type: 'image/png' }))
      document.querySelector('.rich-field').dispatchEvent(new ClipboardEvent('paste', { clipboardData: transfer, bubbles: true, cancelable: true }))
    }, PIXEL)

  test('an_answer_has_formatting_a_picture_a_copy_and_what_it_answers', async () => {
    const conversation = await arrives('Asha Rao')
    const page = await at(conversation)
    await page.locator('.recipient-fixed', { hasText: 'Asha Rao' }).waitFor()
    await page.locator('.recipient', { hasText: 'Ben' }).waitFor()
    await page.locator('.mail-signature', { hasText: 'Ada Lindqvist' }).waitFor()
    await page.locator('.mail-quote-toggle').last().waitFor()
    await field(page).click()
    await page.keyboard.type('Sorry ')
    await page.keyboard.press('Control+b')
    await page.keyboard.type('Asha')
    await page.keyboard.press('Control+b')
    await pastePicture(page)
    await field(page).locator('img[data-cid]').waitFor()
    assert.equal(await page.locator('.composer-files').count(), 0, 'a picture of the text is listed as a file')
    await page.getByRole('button', { name: enMail['compose.change_subject'].replace('{subject}', 'Re: Where is it?') }).click()
    await page.getByLabel(enMail['compose.subject'], { exact: true }).fill('Your order')
    await field(page).click()
    await page.keyboard.press('Control+Enter')
    const { message, mail } = await sent(conversation)
    assert.equal(message.text, 'Sorry Asha')
    assert.match(mail.html, /Sorry <b>Asha<\/b>/)
    assert.match(mail.html, new RegExp(`<img src="cid:${message.attachments[0].id}@seva\\.invalid"`))
    assert.match(mail.html, /Ada Lindqvist/)
    assert.match(mail.html, /<b>broken<\/b>/)
    assert.match(mail.text, /Asha Rao wrote:\n> /)
    assert.equal(mail.subject, 'Your order')
    assert.equal(mail.from.name, 'Ada of Support')
    assert.deepEqual(mail.cc.map((one) => one.address), ['ben@example.net'])
    // It shows as mails do, and what is quoted is folded with the line above it.
    const sheet = page.locator('.message-out iframe').contentFrame().locator('[data-seva-body]')
    await sheet.getByText('Ada Lindqvist').waitFor()
    await page.locator('.message-out').getByRole('button', { name: enMail['mail.show_quote'] }).waitFor()
    assert.doesNotMatch(await sheet.innerText(), /wrote:|broken/)
    assert.equal(await field(page).textContent(), '')
    assert.deepEqual(page.problems, [])
    await page.context().close()
  })

  test('a_mail_that_is_only_a_picture_says_so_where_it_is_listed', async () => {
    const conversation = await arrives('Gita')
    const page = await at(conversation)
    await field(page).click()
    await pastePicture(page)
    await field(page).locator('img[data-cid]').waitFor()
    await page.keyboard.press('Control+Enter')
    const { message } = await sent(conversation)
    assert.equal(message.text, '')
    await page.locator('.row', { hasText: 'Gita' }).getByText('📎 shot.png').waitFor()
    assert.equal((await seva.conversation((one) => one.id === conversation.id)).preview, '📎 shot.png')
    assert.deepEqual(page.problems, [])
    await page.context().close()
  })

  test('a_draft_and_an_undo_keep_all_of_a_mail', async () => {
    const conversation = await arrives('Binod')
    const page = await at(conversation)
    await field(page).click()
    await page.keyboard.press('Control+i')
    await page.keyboard.type('Soon')
    await page.getByRole('button', { name: enMail['compose.add'].replace('{field}', enMail['compose.bcc']) }).click()
    await page.keyboard.type('boss@example.com,')
    await page.getByLabel(enMail['preview.no_quote']).check()
    await until(async () => (await seva.as({ email: 'owner@example.org', password: 'correct horse battery staple' }, 'GET', `/conversations/${conversation.id}/draft`)).mail?.bcc?.length === 1, 'the draft on the server')
    await page.reload()
    await field(page).locator('i', { hasText: 'Soon' }).waitFor()
    await page.locator('.recipient', { hasText: 'boss@example.com' }).waitFor()
    assert.equal(await page.getByLabel(enMail['preview.no_quote']).isChecked(), true)
    await field(page).click()
    await page.keyboard.press('Control+Enter')
    const { mail } = await sent(conversation)
    assert.deepEqual(mail.bcc.map((one) => one.address), ['boss@example.com'])
    assert.doesNotMatch(mail.html, /broken/)
    await page.locator('.message-out').getByRole('button', { name: en['common.undo'] }).click()
    await field(page).locator('i', { hasText: 'Soon' }).waitFor()
    await page.locator('.recipient', { hasText: 'boss@example.com' }).waitFor()
    assert.deepEqual(page.problems, [])
    await page.context().close()
  })

  test('a_plain_mail_stays_plain', async () => {
    const conversation = await arrives('Chandra')
    const page = await at(conversation)
    await page.getByRole('button', { name: enMail['rich.plain'] }).click()
    await page.locator('.mail-plain').fill('Just words.')
    await page.keyboard.press('Control+Enter')
    const { message, mail } = await sent(conversation)
    assert.equal(message.text, 'Just words.')
    assert.equal(mail.html, '')
    assert.match(mail.text, /^Just words\.\n\n-- \nAda Lindqvist\n/)
    await page.context().close()
  })

  test('a_text_of_the_mailbox_is_filled', async () => {
    const conversation = await arrives('Dipa Sen')
    await seva.call('POST', `/channels/${mailbox.id}/mail_templates`, { name: 'Welcome', subject: 'For {{contact.first_name}}', html: '<p>Dear <b>{{contact.name}}</b></p>' })
    const page = await at(conversation)
    await page.getByRole('button', { name: enMail['compose.templates'] }).click()
    await page.getByRole('menuitem', { name: 'Welcome' }).click()
    await field(page).locator('b', { hasText: 'Dipa Sen' }).waitFor()
    await page.keyboard.press('Control+Enter')
    const { mail } = await sent(conversation)
    assert.equal(mail.subject, 'For Dipa')
    assert.match(mail.html, /Dear <b>Dipa Sen<\/b>/)
    await page.context().close()
  })

  test('a_mail_is_passed_on', async () => {
    const conversation = await arrives('Esha')
    const page = await at(conversation)
    await page.locator('.message-in').hover()
    await page.locator('.message-in').getByRole('button', { name: en['act.more'] }).click()
    await page.getByRole('menuitem', { name: en['act.forward'] }).click()
    const dialog = page.getByRole('dialog', { name: en['act.forward'] })
    await dialog.getByLabel(enMail['compose.to'], { exact: true }).fill('shop@example.org,')
    await page.keyboard.press('Enter')
    await dialog.locator('.rich-field').click()
    await page.keyboard.type('Please look.')
    await dialog.getByRole('button', { name: enMail['preview.show_quote'] }).click()
    await dialog.getByText(/^Forwarded from Esha <c\d+@example\.net>: Where is it\?$/).waitFor()
    if (process.env.E2E_SHOTS) await page.screenshot({ path: join(process.env.E2E_SHOTS, 'write-forward.png') })
    await dialog.getByRole('button', { name: en['composer.send'], exact: true }).click()
    const made = await seva.conversation((one) => one.subject === 'Fwd: Where is it?')
    assert.equal(made.previous_id, conversation.id)
    const { mail } = await sent(made)
    assert.match(mail.html, /Please look\./)
    assert.match(mail.html, /<b>broken<\/b>/)
    assert.match(mail.text, /Esha <c\d+@example\.net>/)
    await page.locator('.message-out').waitFor()
    // Who has no name is called by the address.
    await page.locator('.row', { hasText: 'shop@example.org' }).waitFor()
    await page.getByRole('heading', { level: 1, name: 'shop@example.org' }).waitFor()
    assert.deepEqual(page.problems, [])
    await page.context().close()
  })

  test('a_new_mail_begins_a_conversation', async () => {
    const page = await openConsole(browser, seva, { path: 'contacts' })
    await page.getByRole('button', { name: en['start.title'] }).click()
    const dialog = page.getByRole('dialog', { name: en['start.title'] })
    await dialog.locator('select').selectOption({ label: 'Support' })
    await dialog.getByLabel(enMail['compose.to'], { exact: true }).fill('New Person <new@example.org>')
    await page.keyboard.press('Enter')
    await dialog.getByLabel(enMail['compose.subject'], { exact: true }).fill('Hello there')
    await dialog.locator('.rich-field').click()
    await page.keyboard.type('A first word.')
    await until(() => dialog.getByRole('button', { name: en['composer.send'], exact: true }).isEnabled(), 'it may be sent')
    if (process.env.E2E_SHOTS) await page.screenshot({ path: join(process.env.E2E_SHOTS, 'write-new.png') })
    assert.deepEqual(await axe(page, '.mail-form'), [])
    await dialog.getByRole('button', { name: en['composer.send'], exact: true }).click()
    const made = await seva.conversation((one) => one.subject === 'Hello there')
    assert.equal(made.contact.name, 'New Person')
    const { mail } = await sent(made)
    assert.equal(mail.to[0].address, 'new@example.org')
    assert.deepEqual(page.problems, [])
    await page.context().close()
  })

  test('a_planned_mail_shows_when_it_goes_and_comes_back_when_the_customer_writes', async () => {
    const conversation = await arrives('Farida')
    const page = await at(conversation)
    await field(page).click()
    await page.keyboard.type('Tomorrow then.')
    await page.getByRole('button', { name: en['composer.more'] }).click()
    await page.getByRole('menuitem', { name: en['send_later.title'] }).click()
    await page.getByRole('dialog').getByRole('button', { name: new RegExp(en['snooze.tomorrow']) }).click()
    const planned = page.locator('.message-out')
    await planned.getByText(en['state.planned'].split('{')[0].trim()).waitFor()
    if (process.env.E2E_SHOTS) await page.screenshot({ path: join(process.env.E2E_SHOTS, 'write-planned.png') })
    const { mail } = await sent(conversation)
    await fetch(`${seva.url}${new URL(mailbox.hook_url).pathname}`, {
      method: 'POST',
      headers: { 'Content-Type': 'message/rfc822', Authorization: `Bearer ${mailbox.secret}` },
      body: `Authentication-Results: mx.example.com; dmarc=pass header.from=example.net\r\nFrom: Farida <c${count}@example.net>\r\nTo: support@example.com\r\nSubject: Re: Where is it?\r\nMessage-ID: <again@example.net>\r\nIn-Reply-To: <${mail.message_id}>\r\nContent-Type: text/plain\r\n\r\nIt came.\r\n`,
    })
    await planned.getByText(en['state.held_back']).waitFor()
    await planned.getByRole('button', { name: en['state.take_back'] }).click()
    await field(page).getByText('Tomorrow then.').waitFor()
    assert.deepEqual(page.problems, [])
    await page.context().close()
  })

  test('the_composer_of_mails_looks_right_and_can_be_used_by_everybody', async () => {
    const names = { en: 'Maximiliana Theodora Featherstonehaugh-Cholmondeley von und zu Hohenstein', bn: 'রহিমা খাতুন চৌধুরী', ar: 'عبد الرحمن بن عبد العزيز' }
    for (const [locale, width, scheme] of [['en', 1280, 'light'], ['bn', 1280, 'dark'], ['ar', 1280, 'light'], ['ar', 390, 'dark'], ['bn', 390, 'light']]) {
      const conversation = await arrives(`${names[locale]} ${width}`, '<p>Hello?</p>')
      await seva.as(OWNER, 'PATCH', '/me', { locale })
      const page = await at(conversation, { width, height: 800, scheme, look: { locale } })
      await field(page).click()
      await page.keyboard.type('নমস্কার مرحبا Hello')
      assert.deepEqual(await axe(page, '.composer'), [])
      assert.ok(await page.evaluate(() => document.documentElement.scrollWidth <= innerWidth), `${locale} ${width} scrolls sideways`)
      if (process.env.E2E_SHOTS) await page.screenshot({ path: join(process.env.E2E_SHOTS, `write-${locale}-${width}.png`) })
      assert.equal(await page.evaluate(() => document.documentElement.lang), locale)
      const [name, more] = await Promise.all(['.recipient-fixed', '.recipients-more'].map((one) => page.locator(one).boundingBox()))
      assert.ok(name.x + name.width <= more.x || more.x + more.width <= name.x, `${locale} ${width}: the name lies over what stands beside it`)
      assert.deepEqual(page.problems, [])
      await page.context().close()
    }
    await seva.as(OWNER, 'PATCH', '/me', { locale: 'en' })
  })

  test('the_page_of_a_mailbox_says_how_mails_are_posted_to_it', async () => {
    const page = await openConsole(browser, seva, { path: `settings/channels/${mailbox.id}` })
    const section = page.locator('section', { has: page.getByRole('heading', { name: own['hook.mailbox_title'] }) })
    await section.getByText(mailbox.hook_url, { exact: true }).waitFor()
    await section.getByText(own['hook.mailbox_how']).click()
    await section.getByText(`seva mail-in ${mailbox.hook_url} --password-file`).waitFor()
    await section.getByText(mailbox.hook_url.replace('://', '://seva:SECRET@'), { exact: true }).waitFor()
    for (const word of ['hook.title', 'hook.new_token', 'handle.title', 'role.title']) assert.equal(await page.getByText(own[word], { exact: true }).count(), 0, word)
    assert.deepEqual(await axe(page, '.settings-section'), [])
    await section.getByRole('button', { name: own['hook.mail_secret'] }).click()
    await page.getByRole('dialog').getByRole('button', { name: own['hook.mail_secret'] }).click()
    await section.getByText(own['hook.mail_secret_label']).waitFor()
    mailbox.secret = (await section.locator('.secret pre').innerText()).trim()
    await arrives('Hana')
    assert.deepEqual(page.problems, [])
    await page.context().close()
  })

  test('the_form_of_a_mailbox_explains_itself_in_every_language', async () => {
    for (const locale of ['bn', 'ar', 'en']) {
      await seva.as(OWNER, 'PATCH', '/me', { locale })
      const page = await openConsole(browser, seva, { path: 'settings/channels/connect-email', look: { locale }, locale })
      const said = words('networks', locale)
      await page.getByText(said['help.email.address']).waitFor()
      await page.getByText(said['form.more']).click()
      await page.getByText(said['help.email.acknowledge']).waitFor()
      assert.equal(await page.locator('.network-help[lang=en]').count(), 0, locale)
      assert.deepEqual(page.problems, [])
      await page.context().close()
    }
  })

  test('the_texts_of_a_mailbox_are_kept_on_its_page', async () => {
    const page = await openConsole(browser, seva, { path: `settings/channels/${mailbox.id}` })
    const section = page.locator('section', { hasText: enMail['templates.title'] }).last()
    await section.getByRole('button', { name: enMail['templates.add'], exact: true }).click()
    const dialog = page.getByRole('dialog', { name: enMail['templates.add'] })
    await dialog.getByLabel(enMail['templates.name'], { exact: true }).fill('Thanks')
    await dialog.locator('.rich-field').click()
    await page.keyboard.type('Thank you, {{contact.name}}')
    await page.keyboard.press('Tab')
    await dialog.getByRole('button', { name: en['common.save'] }).click()
    await section.getByText('Thanks', { exact: true }).waitFor()
    const kept = (await seva.call('GET', `/channels/${mailbox.id}/mail_templates`)).items.find((one) => one.name === 'Thanks')
    assert.equal(kept.html, '<p>Thank you, {{contact.name}}</p>')
    if (process.env.E2E_SHOTS) await page.screenshot({ path: join(process.env.E2E_SHOTS, 'write-settings.png'), fullPage: true })
    assert.deepEqual(page.problems, [])
    await page.context().close()
  })
})
