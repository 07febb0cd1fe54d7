// A visitor and an agent, each in a browser, from the first question to the farewell.
import assert from 'node:assert/strict'
import { test } from 'node:test'
import { open, openConsole, words } from './lib/browser.mjs'
import { chat, openChat, stage, visit } from './widget_page.mjs'

const { skip, seva, browser, host } = await stage()

test('visitor_and_agent_talk_in_their_browsers', { skip }, async () => {
  const t = words('console', 'en')
  const agent = await openConsole(browser, seva, { path: 'inbox/all' })
  const page = await open(browser)
  await visit(page, host.url)
  const frame = await openChat(page)
  const visitor = chat(frame)

  await visitor.say('Good morning! Does the teapot keep its heat?')
  await agent.getByText('Does the teapot keep its heat?').first().click()
  const composer = agent.getByRole('textbox', { name: t['composer.write_reply'] })
  await composer.waitFor()
  await visitor.box.pressSequentially('One more thing')
  await composer.pressSequentially('Good morning')
  await frame.getByText('Ada Lindqvist is typing…').waitFor()
  await composer.fill('For two hours at least.')
  await composer.press('Control+Enter')
  await visitor.message('For two hours at least.').waitFor()
  await frame.getByRole('heading', { name: 'Ada Lindqvist' }).waitFor()

  await visitor.say('Thank you, that is all!')
  await agent.getByRole('log').getByText('Thank you, that is all!').waitFor()
  assert.deepEqual(await visitor.texts(), ['Good morning! Does the teapot keep its heat?', 'For two hours at least.', 'Thank you, that is all!'])
  await visitor.message('Thank you, that is all!').getByText(visitor.t['message.state.read']).waitFor()
  assert.deepEqual([...page.problems, ...agent.problems], [])
  await page.context().close()
  await agent.context().close()
})
