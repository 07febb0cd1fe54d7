// A visitor leaves a website chat: the answer goes by mail, and what they answer by mail stands in the chat, for the agent and for them. And
// mails of Seva: a transcript, an invitation, a forgotten password. E2E_SHOTS=folder keeps the pictures.
import assert from 'node:assert/strict'
import { join } from 'node:path'
import { after, test } from 'node:test'
import { axe, drawn, launch, open, openConsole, words } from './lib/browser.mjs'
import { OWNER, reasonToSkip, startSeva, until } from './lib/seva.mjs'
import { body, header, Smtp } from './lib/smtp.mjs'
import { answer, asAgent, chat, openChat, settings, startHost, visit } from './widget_page.mjs'

const skip = reasonToSkip()
const t = skip ? {} : { ...words('mail', 'en'), ...words('networks', 'en'), ...words('console', 'en') }
const MAILBOX = 'care@example.com'
const CHECKED_BY = 'mx.example.com'
let seva, smtp, host, browser, mailbox

const shot = async (page, name) => {
  if (process.env.E2E_SHOTS) await page.screenshot({ path: join(process.env.E2E_SHOTS, name + '.png') })
}

async function stage() {
  smtp = await new Smtp().start()
  after(() => smtp.stop())
  seva = await startSeva(['--egress-allow', 'mail=127.0.0.0/8'])
  after(() => seva.stop())
  await seva.call('PATCH', '/account', { undo_seconds: 0 })
  mailbox = await seva.call('POST', '/channels', { kind: 'email', name: 'Care', external_id: MAILBOX, settings: { address: MAILBOX, from_name: 'A shop', password: 's3cret', receivers: CHECKED_BY, smtp_host: '127.0.0.1', smtp_port: String(smtp.port), smtp_security: 'none' } })
  host = await startHost(seva)
  after(() => host.close())
  browser = await launch()
  after(() => browser.close())
}
if (!skip) await stage()

/** As the mail server's pipe hands it over. */
async function arrives(from, text, answers, id) {
  const mail = [`Authentication-Results: ${CHECKED_BY}; dmarc=pass header.from=${from.split('@')[1]}`, `From: Asha <${from}>`, `To: ${MAILBOX}`, 'Subject: Re: Your conversation', `Message-ID: <${id}>`, `In-Reply-To: ${answers}`, `References: ${answers}`, 'Content-Type: text/plain; charset=utf-8', '', text, ''].join('\r\n')
  const response = await fetch(`${seva.url}/hooks/email/${mailbox.public_key}`, { method: 'POST', headers: { 'Content-Type': 'message/rfc822', Authorization: `Bearer ${mailbox.secret}` }, body: mail })
  assert.equal(response.status, 200, await response.text())
}
/** The minute is over, as far as this job knows. */
async function isDue(kind) {
  const waiting = async () => (await seva.call('GET', '/jobs?state=queued')).items.find((one) => one.kind === kind)
  await until(waiting, `a ${kind} that waits`)
  await seva.call('POST', `/jobs/${(await waiting()).id}/retry`)
}
const mailTo = async (address, n = 1) => {
  await until(() => smtp.mails.filter((one) => one.to.includes(address)).length >= n, `a mail to ${address}`)
  return smtp.mails.filter((one) => one.to.includes(address)).at(-1)
}

test('an_admin_lets_a_chat_go_on_by_mail', { skip }, async () => {
  const page = await openConsole(browser, seva, { path: `settings/channels/${seva.widget.id}` })
  const choice = page.getByLabel(t['widget.mailbox'])
  await choice.selectOption({ label: 'Care' })
  await page.getByLabel(t['widget.mail_after']).fill('1')
  await page.getByRole('switch', { name: t['widget.transcript_mail'] }).press(' ')
  await choice.scrollIntoViewIfNeeded()
  await shot(page, 'widget_by_mail')
  await page.locator('.editor-save').getByRole('button', { name: t['common.save'] }).click()
  await until(async () => (await seva.call('GET', `/channels/${seva.widget.id}`)).settings.mail_channel_id === mailbox.id, 'the setting')
  assert.deepEqual(await axe(page), [])
  assert.deepEqual(page.problems, [])
  await page.context().close()
})

test('a_visitor_leaves_and_the_chat_goes_on_by_mail', { skip }, async () => {
  await settings(seva, { mail_channel_id: mailbox.id, mail_after_minutes: 1, transcript_mail_enabled: true })
  const page = await open(browser)
  await visit(page, host.url)
  const visitor = chat(await openChat(page))
  await visitor.say('Does the teapot keep its heat?')
  const talk = await seva.conversation((one) => one.channel.kind === 'widget')
  await seva.call('PATCH', `/contacts/${talk.contact.id}`, { name: 'Asha', email: 'asha@example.net' })
  await page.goto('about:blank')
  await answer(seva, talk.id, 'For <two> hours at least.')
  await until(async () => (await seva.call('GET', `/conversations/${talk.id}/messages`)).items.at(-1).state === 'sent', 'the answer in the chat')
  await isDue('chat_mail')

  const mail = await mailTo('asha@example.net')
  assert.match(body(mail), /For <two> hours at least\./)
  assert.match(body(mail), /&lt;two&gt;/)
  assert.match(body(mail), /> Does the teapot keep its heat\?/)
  assert.equal(header(mail, 'Auto-Submitted'), 'auto-generated')
  const ours = header(mail, 'Message-ID')
  await arrives('asha@example.net', 'Thank you, I take it.', ours, 'a1@example.net')
  await arrives('mallory@example.org', 'Me too.', ours, 'm1@example.org')

  const agent = await openConsole(browser, seva, { path: `inbox/all/${talk.id}` })
  const log = agent.getByRole('log')
  await log.getByText('Thank you, I take it.').first().waitFor()
  assert.equal(await log.getByText(t['message.by_mail'], { exact: true }).count(), 2)
  assert.equal(await log.getByText('Me too.').count(), 0)
  await drawn(agent)
  await shot(agent, 'timeline_by_mail')

  // The address is the contact's now; an agent who sees that it is somebody else's separates it.
  const identity = agent.locator('.identities li', { hasText: 'asha@example.net' })
  await identity.getByText(t['contact.verified']).waitFor()
  await identity.getByRole('button', { name: t['separate.ask'] }).click()
  await identity.getByRole('alert').getByText('asha@example.net').waitFor()
  assert.deepEqual(await axe(agent), [])
  for (const locale of process.env.E2E_SHOTS ? ['en', 'bn', 'ar'] : []) {
    await seva.as(OWNER, 'PATCH', '/me', { locale })
    const other = await openConsole(browser, seva, { path: `contacts/${talk.contact.id}`, locale, look: { locale } })
    await other.getByRole('button', { name: words('mail', locale)['separate.ask'] }).click()
    for (const width of [390, 1440]) {
      await other.setViewportSize({ width, height: 1100 })
      await other.locator('.identities').scrollIntoViewIfNeeded()
      await shot(other, `separate_${locale}_${width}`)
    }
    await other.context().close()
  }
  if (process.env.E2E_SHOTS) await seva.as(OWNER, 'PATCH', '/me', { locale: 'en' })
  await identity.getByRole('button', { name: t['separate.do'], exact: true }).click()
  await identity.waitFor({ state: 'detached' })
  assert.equal((await seva.call('GET', `/contacts/${talk.contact.id}`)).identities.length, 1)

  // The visitor comes back: both stand in the chat.
  await visit(page, host.url)
  const back = chat(await openChat(page))
  await back.message('Thank you, I take it.').waitFor()
  assert.deepEqual(await back.texts(), ['Does the teapot keep its heat?', 'For <two> hours at least.', 'Thank you, I take it.'])
  await back.message('Thank you, I take it.').getByText(back.t['message.by_mail']).waitFor()
  await shot(page, 'widget_by_mail_chat')

  // The agent mails a transcript to somebody else.
  await agent.getByRole('button', { name: t['transcript.mail'] }).click()
  const dialog = agent.getByRole('dialog')
  assert.equal(await dialog.getByLabel(t['contact.email']).inputValue(), 'asha@example.net')
  await dialog.getByLabel(t['contact.email']).fill('boss@example.org')
  await shot(agent, 'transcript_dialog')
  await dialog.getByRole('button', { name: t['composer.send'] }).click()
  assert.match(body(await mailTo('boss@example.org')), /Thank you, I take it\./)

  // And the visitor has one mailed.
  const frame = page.frames().find((one) => one.url().includes('/widget/frame'))
  await frame.getByRole('button', { name: back.t['header.menu'] }).click()
  await shot(page, 'widget_menu')
  await frame.getByRole('menuitem', { name: back.t['menu.mail'] }).click()
  await frame.getByText(back.t['menu.mailed'].replace('{email}', 'asha@example.net')).waitFor()
  assert.match(body(await mailTo('asha@example.net', 2)), /For <two> hours at least\./)
  assert.deepEqual([...page.problems, ...agent.problems], [])
  await agent.context().close()
  await page.context().close()
})

test('an_invitation_and_a_forgotten_password_go_by_mail', { skip }, async () => {
  const door = await open(browser)
  await door.goto(seva.url + '/app/')
  await door.getByText(t['door.forgot']).waitFor()

  const page = await openConsole(browser, seva, { path: 'settings/account' })
  await page.getByLabel(t['account.mailbox']).selectOption({ label: 'Care' })
  await shot(page, 'account_mailbox')
  await page.getByRole('button', { name: t['common.save'] }).click()
  await until(async () => (await seva.call('GET', '/account')).mail_channel_id === mailbox.id, 'the setting')
  await asAgent(seva, 'POST', '/agents', { email: 'neha@example.net', name: 'Neha', role: 'agent' })
  assert.match(body(await mailTo('neha@example.net')), /\/app\/link\//)

  await door.reload()
  await door.getByRole('button', { name: t['door.forgot_ask'] }).click()
  await door.getByLabel(t['door.email']).fill(OWNER.email)
  await shot(door, 'forgot')
  assert.deepEqual(await axe(door), [])
  await door.getByRole('button', { name: t['door.forgot_send'] }).click()
  await door.getByText(t['door.forgot_sent'].replace('{email}', OWNER.email)).waitFor()
  const link = /https?:\/\/\S+?\/app\/link\/[\w-]+/.exec(body(await mailTo(OWNER.email)))[0]
  await door.goto(link)
  await door.getByRole('heading').first().waitFor()
  await shot(door, 'reset_link')

  await page.goto(`${seva.url}/app/settings/channels/${mailbox.id}`)
  const letters = page.locator('.settings-section', { hasText: t['letters.title'] })
  await letters.getByText('neha@example.net').waitFor()
  await letters.scrollIntoViewIfNeeded()
  await shot(page, 'letters')
  assert.deepEqual(await axe(page), [])
  assert.deepEqual([...page.problems, ...door.problems], [])
  await page.context().close()
  await door.context().close()
})
