// The whole day without a mouse: every step of this walk is a key.
import assert from 'node:assert/strict'
import { describe, test } from 'node:test'
import { OWNER, reasonToSkip, until } from './lib/seva.mjs'
import { drawn, open, withConsole, words } from './lib/browser.mjs'

const en = words('console', 'en')

describe('keyboard only', { skip: reasonToSkip() }, () => {
  let seva, browser, page
  const press = async (...keys) => {
    for (const key of keys) await page.keyboard.press(key)
  }
  /** Two keys as one hand presses them: the browser gets both at once, however busy the machine is. */
  const chord = (one, two) => Promise.all([page.keyboard.press(one), page.keyboard.press(two)])
  const mine = () => page.evaluate(async () => (await (await fetch('/api/v1/session')).json()).agent)
  withConsole(async (both) => {
    ;({ seva, browser } = both)
    for (const name of ['Maya', 'Rahima', 'Ahmed']) await seva.inbound({ id: name, name }, `Hello from ${name}`)
    await seva.conversation((one) => one.contact.name === 'Ahmed')
    page = await open(browser)
  })

  test('sign_in_answer_note_tag_assign_snooze_resolve_undo_search_palette_and_help_are_reached_by_keys', async () => {
    await page.goto(seva.url + '/app/')
    await page.locator('input[type=email]').waitFor()
    await page.keyboard.type(OWNER.email)
    await press('Tab')
    await page.keyboard.type(OWNER.password)
    await press('Enter')
    await page.locator('.row').nth(2).waitFor()

    await press('j')
    const first = await page.locator('.row-cursor .row-name').textContent()
    await press('j', 'k')
    assert.equal(await page.locator('.row-cursor .row-name').textContent(), first)
    await press('Enter')
    await page.locator('.message-in').waitFor()
    const id = page.url().split('/').pop()

    await press('r')
    await page.keyboard.type('Written by keys alone, e and j included.')
    await press('Control+Enter')
    await until(async () => (await seva.messages(id)).some((one) => one.text.startsWith('Written by keys')), 'the reply arriving')

    await press('Escape', 'n')
    await page.keyboard.type('Keep an eye on this :thum')
    await page.locator('.suggestions').waitFor()
    await press('Enter', 'Control+Enter')
    await until(async () => (await seva.messages(id)).some((one) => one.kind === 'note' && one.text.includes('👍')), 'the note arriving')

    await press('Escape', 't')
    await page.keyboard.type('vip')
    await page.locator('[role=option]').first().waitFor()
    await press('Enter')
    await until(async () => (await seva.call('GET', '/conversations/' + id)).tags.includes('vip'), 'the tag being there')
    await press('i')
    await until(async () => (await seva.call('GET', '/conversations/' + id)).assignee_id !== null, 'it being mine')
    await press('p')
    await page.keyboard.type('high')
    await press('Enter')
    await until(async () => (await seva.call('GET', '/conversations/' + id)).priority === 'high', 'the priority being high')
    await press('h')
    await page.locator('[role=option]').first().waitFor()
    await press('Enter')
    await until(async () => (await seva.call('GET', '/conversations/' + id)).status === 'snoozed', 'it being snoozed')
    await press('z')
    await until(async () => (await seva.call('GET', '/conversations/' + id)).status === 'open', 'it being open again')
    await press('e')
    await until(async () => (await seva.call('GET', '/conversations/' + id)).status === 'resolved', 'it being resolved')

    await press('u')
    await chord('g', 'm')
    await page.waitForURL('**/app/inbox/mine')
    await chord('g', 'i')
    await page.waitForURL('**/app/inbox/all')
    await press('/')
    await page.keyboard.type('Rahima')
    await press('Enter')
    await page.locator('.row').first().waitFor()
    await page.waitForFunction(() => document.querySelectorAll('.row').length === 1)
    await press('?')
    await page.getByRole('heading', { name: en['sheet.title'] }).waitFor()
    await press('Escape', 'Control+k')
    await page.locator('[role=listbox]').waitFor()
    await page.keyboard.type('settings: security')
    await press('Enter')
    await page.waitForURL('**/app/settings/security')
    assert.deepEqual(page.problems, [])
  })

  test('single_keys_are_silent_when_turned_off', async () => {
    await page.goto(seva.url + '/app/settings/keys')
    await page.locator('[role=switch]').focus()
    await press('Space')
    await until(async () => (await mine()).settings.single_keys === false, 'the choice being kept')
    await page.goto(seva.url + '/app/inbox/all')
    await page.locator('.row').first().waitFor()
    await press('?')
    await drawn(page)
    assert.equal(await page.locator('dialog[open]').count(), 0)
    await press('Control+k')
    await page.locator('dialog[open] [role=listbox]').waitFor()
  })

  test('a_dialog_keeps_the_focus_and_gives_it_back', async () => {
    await press('Escape')
    const button = page.locator('.icon-button[aria-haspopup=dialog]').first()
    await button.focus()
    await press('Enter')
    await page.locator('dialog[open]').waitFor()
    for (let step = 0; step < 25; step++) {
      await press('Tab')
      assert.ok(await page.evaluate(() => document.activeElement === document.body || document.activeElement.closest('dialog') !== null))
    }
    await press('Escape')
    await page.waitForFunction(() => document.activeElement?.getAttribute('aria-haspopup') === 'dialog')
  })

  test('a_press_beside_the_words_of_the_palette_leaves_the_keys_with_it', async () => {
    await press('Control+k')
    await page.locator('dialog[open] [role=listbox]').waitFor()
    await page.locator('dialog[open] kbd').first().click()
    assert.ok(await page.evaluate(() => document.activeElement.closest('dialog') !== null))
    await press('Tab')
    assert.ok(await page.evaluate(() => document.activeElement.closest('dialog') !== null))
    await press('Escape')
    await page.locator('dialog[open]').waitFor({ state: 'detached' })
  })

  test('the_last_choice_of_the_palette_is_one_key_above_the_first', async () => {
    await press('Control+k')
    const chosen = page.locator('dialog[open] [role=option][aria-selected=true]')
    await chosen.waitFor()
    assert.equal(await chosen.getAttribute('aria-posinset'), '1')
    await press('ArrowUp')
    await page.waitForFunction(() => {
      const one = document.querySelector('[role=option][aria-selected=true]')
      const list = one?.closest('[role=listbox]').getBoundingClientRect()
      return one?.ariaPosInSet === one?.ariaSetSize && one.getBoundingClientRect().bottom <= list.bottom
    })
    assert.equal(await page.locator('dialog[open] [role=option]').count(), Number(await chosen.getAttribute('aria-setsize')))
    await press('Escape')
    await page.locator('dialog[open]').waitFor({ state: 'detached' })
  })

  test('an_input_method_at_work_keeps_its_enter', async () => {
    const talk = await seva.conversation((one) => one.contact.name === 'Maya')
    await page.goto(`${seva.url}/app/inbox/all/${talk.id}`)
    const area = page.locator('.composer textarea')
    await area.fill('にほんご')
    const before = await page.locator('.message-out').count()
    await area.evaluate((element) => element.dispatchEvent(new KeyboardEvent('keydown', { key: 'Enter', ctrlKey: true, isComposing: true, bubbles: true, cancelable: true })))
    await drawn(page)
    assert.equal(await page.locator('.message-out').count(), before)
    assert.equal(await area.inputValue(), 'にほんご')
    await area.focus()
    await press('Control+Enter')
    await until(async () => (await seva.messages(talk.id)).some((one) => one.text === 'にほんご'), 'the reply arriving when the input method is done')
    assert.equal((await seva.messages(talk.id)).filter((one) => one.text === 'にほんご').length, 1)
  })

  test('what_is_typed_right_after_a_key_lands_where_that_key_led', async () => {
    await page.evaluate(async () => {
      const { agent, csrf } = await (await fetch('/api/v1/session')).json()
      await fetch('/api/v1/me', { method: 'PATCH', headers: { 'Content-Type': 'application/json', 'X-Seva-CSRF': csrf }, body: JSON.stringify({ settings: { ...agent.settings, single_keys: true } }) })
    })
    const talk = await seva.conversation((one) => one.contact.name === 'Rahima')
    await page.goto(seva.url + '/app/inbox/all')
    await page.locator('.row').nth(1).waitFor()
    const all = (text) => Promise.all([...text].map((char) => page.keyboard.press(char === ' ' ? 'Space' : char)))
    // All at once: nothing waits for a paint between the key and what follows it.
    await all('/Rahima')
    await page.waitForFunction(() => document.activeElement?.matches('.search input') && document.activeElement.value === 'Rahima')
    await press('Enter')
    await page.waitForFunction(() => document.querySelectorAll('.row').length === 1)
    await all('jrhere')
    await page.waitForFunction(() => document.querySelector('.composer textarea')?.value === 'here')
    assert.equal(await page.evaluate(() => document.activeElement?.tagName), 'TEXTAREA')
    // An emoji's suggestion stands also when the field was left and taken again a moment ago.
    await page.locator('.composer textarea').fill('')
    await press('Escape')
    await all('n:thum')
    await page.locator('.suggestions').waitFor()
    await press('Enter')
    await page.waitForFunction(() => document.querySelector('.composer textarea').value === '👍')
    assert.equal((await seva.call('GET', '/conversations/' + talk.id)).status, 'open')
  })

  test('the_conversation_of_a_walk_is_the_one_that_the_next_key_acts_on', async () => {
    await page.goto(seva.url + '/app/inbox/all')
    await page.locator('.row').nth(1).waitFor()
    await press('j', 'Enter')
    await page.locator('.message').first().waitFor()
    const names = await page.locator('.row-name').allTextContents()
    await Promise.all(['j', 'r', 'x', 'y'].map((key) => page.keyboard.press(key)))
    await page.waitForFunction(() => document.querySelector('.composer textarea')?.value === 'xy')
    assert.equal(await page.locator('.conversation-who h1').textContent(), names[1])
    await page.waitForFunction((id) => location.pathname.endsWith(id), (await seva.conversation((one) => one.contact.name === names[1])).id)
    await page.locator('.composer textarea').fill('')
  })

  test('a_walk_takes_the_answer_and_the_contact_of_each_conversation_along', async () => {
    const names = await page.locator('.row-name').allTextContents()
    const stands = (name, text) =>
      page.waitForFunction(
        ([wanted, written]) =>
          document.querySelector('.conversation-who h1').textContent === wanted && document.querySelector('.context-who h2')?.textContent === wanted && document.querySelector('.composer textarea').value === written,
        [name, text],
      )
    await press('Escape')
    await stands(names[1], '')
    await press('r')
    await page.keyboard.type('For the second')
    await press('Escape', 'k')
    await stands(names[0], '')
    await press('j')
    await stands(names[1], 'For the second')
    await page.locator('.composer textarea').fill('')
    assert.deepEqual(page.problems, [])
  })
})
