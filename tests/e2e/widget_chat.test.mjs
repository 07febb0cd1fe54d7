// The visitor's chat against a real seva: there and back, resume, offline, files, transcript.
import assert from 'node:assert/strict'
import { readFile } from 'node:fs/promises'
import { after, before, test } from 'node:test'
import { launch, open } from './lib/browser.mjs'
import { reasonToSkip, startSeva, until } from './lib/seva.mjs'
import { answer, asAgent, chat, chatFrame, openChat, startHost, stored, visit } from './widget_page.mjs'

const skip = reasonToSkip()
let seva
let browser
let host
before(async () => {
  if (skip) return
  seva = await startSeva()
  await seva.call('PATCH', '/account', { undo_seconds: 0 })
  await asAgent(seva, 'PATCH', '/me', { name: 'Ada Lindqvist', introduction: 'Knows every teapot by name' })
  host = await startHost(seva)
  browser = await launch()
})
after(async () => {
  await browser?.close()
  await host?.close()
  await seva?.stop()
})

const conversationWith = (text) => seva.conversation((one) => one.preview?.includes(text))

test('a_message_reaches_the_agent_and_the_answer_reaches_the_visitor', { skip }, async () => {
  const page = await open(browser)
  await visit(page, host.url)
  const frame = await openChat(page)
  const visitor = chat(frame)
  await visitor.say('Is the blue teapot back?')
  await visitor.message('Is the blue teapot back?').getByText(visitor.t['message.state.sent']).waitFor()
  const conversation = await conversationWith('Is the blue teapot back?')
  assert.equal(conversation.channel.kind, 'widget')
  await answer(seva, conversation.id, 'It is! Shall I put one aside?')
  await visitor.message('It is! Shall I put one aside?').waitFor()
  await frame.getByRole('heading', { name: 'Ada Lindqvist' }).waitFor()
  await frame.getByText('Knows every teapot by name').waitFor()
  assert.deepEqual(await visitor.texts(), ['Is the blue teapot back?', 'It is! Shall I put one aside?'])
  assert.deepEqual(page.problems, [])
  await page.context().close()
})

test('nothing_is_stored_before_the_first_message_and_never_a_cookie', { skip }, async () => {
  const page = await open(browser)
  await visit(page, host.url)
  const frame = await openChat(page)
  await chat(frame).box.waitFor()
  const nothing = await stored(page)
  assert.deepEqual(nothing, { cookies: [], keys: [] })
  assert.equal((await seva.call('GET', '/contacts?q=nobody-yet')).items.length, 0)
  await chat(frame).say('Now I am here')
  await chat(frame).message('Now I am here').getByText('Sent').waitFor()
  const something = await stored(page)
  assert.deepEqual(something.cookies, [])
  assert.notEqual(something.keys.length, 0)
  await page.context().close()
})

test('the_chat_goes_on_after_a_reload_and_the_launcher_counts_what_came_meanwhile', { skip }, async () => {
  const page = await open(browser)
  await visit(page, host.url)
  await chat(await openChat(page)).say('Do not forget me')
  const conversation = await conversationWith('Do not forget me')
  await chat(await chatFrame(page)).message('Do not forget me').getByText('Sent').waitFor()
  await page.goto('about:blank')
  await answer(seva, conversation.id, 'We did not.')
  await visit(page, host.url)
  await page.evaluate(() => {
    window.counts = []
    window.Seva.on('unread', (count) => window.counts.push(count))
  })
  await page.waitForFunction(() => window.counts.includes(1))
  const frame = await openChat(page)
  await chat(frame).message('We did not.').waitFor()
  await page.waitForFunction(() => window.counts.at(-1) === 0)
  await until(async () => (await seva.messages(conversation.id)).at(-1).state === 'read', 10_000, 'the answer being read')
  await page.context().close()
})

test('five_messages_written_with_the_plug_pulled_arrive_once_and_in_order', { skip }, async () => {
  const page = await open(browser)
  await visit(page, host.url)
  const frame = await openChat(page)
  const visitor = chat(frame)
  await visitor.say('before the storm')
  await visitor.message('before the storm').getByText('Sent').waitFor()
  await page.context().setOffline(true)
  await frame.getByText(visitor.t['banner.offline']).waitFor()
  const five = ['one', 'two', 'three', 'four', 'five'].map((word) => `storm ${word}`)
  for (const text of five) await visitor.say(text)
  await visitor.message('storm five').getByText(visitor.t['message.state.waiting']).waitFor()
  await page.context().setOffline(false)
  await visitor.message('storm five').getByText('Sent').waitFor()
  assert.deepEqual(await visitor.texts(), ['before the storm', ...five])
  const conversation = await conversationWith('storm five')
  const inside = (await seva.messages(conversation.id)).filter((one) => one.kind === 'in').map((one) => one.text)
  assert.deepEqual(inside, ['before the storm', ...five])
  await page.context().close()
})

test('messages_written_while_the_server_is_dead_survive_a_reload_and_arrive_once', { skip }, async () => {
  const page = await open(browser)
  await visit(page, host.url)
  let visitor = chat(await openChat(page))
  await visitor.say('server alive')
  await visitor.message('server alive').getByText('Sent').waitFor()
  await seva.kill()
  await visitor.say('server dead one')
  await visitor.say('server dead two')
  await visitor.message('server dead two').getByText(visitor.t['message.state.waiting']).waitFor()
  await seva.start()
  await visit(page, host.url)
  visitor = chat(await openChat(page))
  await visitor.message('server dead two').getByText('Sent').waitFor({ timeout: 40_000 })
  assert.deepEqual(await visitor.texts(), ['server alive', 'server dead one', 'server dead two'])
  const conversation = await conversationWith('server dead two')
  assert.deepEqual((await seva.messages(conversation.id)).filter((one) => one.kind === 'in').map((one) => one.text), ['server alive', 'server dead one', 'server dead two'])
  await page.context().close()
})

test('typing_and_reading_are_seen_on_both_sides', { skip }, async () => {
  const page = await open(browser)
  await visit(page, host.url)
  const frame = await openChat(page)
  const visitor = chat(frame)
  await visitor.say('Who types?')
  const conversation = await conversationWith('Who types?')
  await answer(seva, conversation.id, 'Me, soon.')
  await visitor.message('Me, soon.').waitFor()
  await asAgent(seva, 'POST', `/conversations/${conversation.id}/presence`, { state: 'typing' })
  await frame.getByText('Ada Lindqvist is typing…').waitFor()
  await asAgent(seva, 'POST', `/conversations/${conversation.id}/read`, { message_id: (await seva.messages(conversation.id))[0].id })
  await until(async () => (await seva.messages(conversation.id)).find((one) => one.text === 'Me, soon.').state === 'read', 10_000, 'the answer being read')
  await page.context().close()
})

test('a_file_goes_up_with_progress_and_comes_back_as_it_was', { skip }, async () => {
  const page = await open(browser)
  await visit(page, host.url)
  const frame = await openChat(page)
  const visitor = chat(frame)
  const bytes = Buffer.alloc(2_500_000, 'seva ')
  await frame.locator('input[type=file]').setInputFiles([
    { name: 'notes with a rather long name.txt', mimeType: 'text/plain', buffer: bytes },
    { name: 'nothing.txt', mimeType: 'text/plain', buffer: Buffer.alloc(0) },
  ])
  await frame.getByText('notes with a rather long name.txt: ready to send').waitFor()
  await frame.getByText('nothing.txt could not be uploaded: the file is empty').waitFor()
  await frame.getByRole('button', { name: 'Remove nothing.txt' }).click()
  await visitor.say('Here are my notes')
  await visitor.message('Here are my notes').getByText('Sent').waitFor()
  const conversation = await conversationWith('Here are my notes')
  const [attachment] = (await seva.messages(conversation.id))[0].attachments
  assert.equal(attachment.size, bytes.length)
  const [download] = await Promise.all([page.waitForEvent('download'), frame.getByRole('button', { name: /^Download notes with/ }).click()])
  assert.deepEqual(await readFile(await download.path()), bytes)
  await page.context().close()
})

test('the_transcript_holds_what_was_said_as_text', { skip }, async () => {
  const page = await open(browser)
  await visit(page, host.url)
  const frame = await openChat(page)
  const visitor = chat(frame)
  await visitor.say('For the record: <script>alert(1)</script>')
  await visitor.message('For the record').getByText('Sent').waitFor()
  await frame.getByRole('button', { name: visitor.t['header.menu'] }).click()
  const [download] = await Promise.all([page.waitForEvent('download'), frame.getByRole('menuitem', { name: visitor.t['menu.transcript'] }).click()])
  const text = await readFile(await download.path(), 'utf8')
  assert.match(text, /For the record/)
  assert.ok(!text.includes('<script>alert'))
  await page.context().close()
})
