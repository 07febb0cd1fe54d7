// Several tabs and a long day: one event stream for all tabs of a browser, what is read or written in one is so in the others, nothing unsent of one
// agent is another's, and the heap stays where it is.
import assert from 'node:assert/strict'
import { describe, test } from 'node:test'
import { OWNER, reasonToSkip, until } from './lib/seva.mjs'
import { drawn, hears, openConsole, withConsole } from './lib/browser.mjs'

const TALKS = 300
const MB = 1024 * 1024

/** Another tab of the same browser. */
async function tab(page, url) {
  const next = await page.context().newPage()
  await next.goto(url)
  await next.locator('.rail').waitFor()
  return next
}

describe('tabs', { skip: reasonToSkip() }, () => {
  let seva, browser
  withConsole((both) => {
    ;({ seva, browser } = both)
  })
  /** Streams that the server holds now. */
  const streams = async () => Number(/^seva_streams(?:\{[^}]*\})? (\d+)/m.exec(await (await fetch(seva.url + '/metrics')).text())?.[1])

  test('two_tabs_hold_one_stream_and_both_are_told', async () => {
    const first = await openConsole(browser, seva, { path: 'inbox/all' })
    const second = await tab(first, seva.url + '/app/inbox/all')
    await seva.inbound({ id: 'both', name: 'Seen By Both' }, 'Hello to both tabs')
    for (const page of [first, second]) await page.locator('.row', { hasText: 'Hello to both tabs' }).waitFor()
    assert.equal(await streams(), 1)
    await first.close()
    await seva.inbound({ id: 'both', name: 'Seen By Both' }, 'Hello to the one that stayed')
    await second.locator('.row', { hasText: 'Hello to the one that stayed' }).waitFor()
    assert.equal(await streams(), 1)
    await second.context().close()
  })

  test('what_is_read_in_one_tab_is_read_in_the_other', async () => {
    await seva.inbound({ id: 'reader', name: 'Rita Reader' }, 'Is this read?')
    const talk = await seva.conversation((one) => one.contact.name === 'Rita Reader')
    const first = await openConsole(browser, seva, { path: 'inbox/all' })
    const row = first.locator('.row', { hasText: 'Rita Reader' })
    await row.locator('.row-badge').waitFor()
    const second = await tab(first, `${seva.url}/app/inbox/all/${talk.id}`)
    await second.locator('.message-in').waitFor()
    await second.bringToFront()
    await row.locator('.row-badge').waitFor({ state: 'detached' })
    await second.keyboard.press('Shift+U')
    await row.locator('.row-badge').waitFor()
    await first.context().close()
  })

  const field = (page) => page.locator('.composer textarea')
  const holds = (page, text) => until(async () => (await field(page).inputValue()) === text, `the composer holding "${text}"`)

  test('a_draft_follows_to_the_other_tab_and_is_gone_there_when_it_is_sent', async () => {
    await seva.inbound({ id: 'dora', name: 'Dora Draft' }, 'Where is my parcel?')
    const talk = await seva.conversation((one) => one.contact.name === 'Dora Draft')
    const first = await openConsole(browser, seva, { path: 'inbox/all/' + talk.id })
    const second = await tab(first, `${seva.url}/app/inbox/all/${talk.id}`)
    for (const page of [first, second]) {
      await page.locator('.message-in').waitFor()
      await hears(page)
    }
    await field(first).fill('It left our house today.')
    await holds(second, 'It left our house today.')
    await field(first).press('Control+Enter')
    await holds(second, '')
    // Thrown away is gone too, also where the caret stands.
    await field(first).fill('Never mind')
    await holds(second, 'Never mind')
    await field(second).focus()
    await field(first).fill('')
    await holds(second, '')
    await first.context().close()
  })

  test('what_was_written_on_in_one_tab_stays_there_when_the_other_sends_what_it_had', async () => {
    await seva.inbound({ id: 'walter', name: 'Walter Writer' }, 'And my other parcel?')
    const talk = await seva.conversation((one) => one.contact.name === 'Walter Writer')
    const first = await openConsole(browser, seva, { path: 'inbox/all/' + talk.id })
    const second = await tab(first, `${seva.url}/app/inbox/all/${talk.id}`)
    for (const page of [first, second]) {
      await page.locator('.message-in').waitFor()
      await hears(page)
    }
    await field(first).fill('Tomorrow')
    await holds(second, 'Tomorrow')
    await field(second).pressSequentially(' at noon')
    await until(() => second.evaluate(() => Object.keys(localStorage).some((key) => localStorage.getItem(key).includes('Tomorrow at noon'))), 'the longer words being kept')
    await drawn(first)
    assert.equal(await field(first).inputValue(), 'Tomorrow', 'nothing comes over what is being written')
    await field(first).press('Control+Enter')
    await holds(first, 'Tomorrow at noon')
    assert.equal(await field(second).inputValue(), 'Tomorrow at noon')
    await until(async () => (await seva.as(OWNER, 'GET', `/conversations/${talk.id}/draft`)).text === 'Tomorrow at noon', 'the server having the longer words again')
    await first.context().close()
  })

  test('the_next_agent_at_the_same_browser_sees_no_unsent_words_of_the_one_before', async () => {
    const rahim = await seva.agent('Rahim Shared', 'agent')
    await seva.inbound({ id: 'shared', name: 'Sharon Shared' }, 'Who reads this?')
    const talk = await seva.conversation((one) => one.contact.name === 'Sharon Shared')
    const page = await openConsole(browser, seva, {}, rahim)
    const mine = await page.context().cookies()
    await page.evaluate((id) => localStorage.setItem('seva.draft.' + id, JSON.stringify({ reply: 'Kept before drafts had names' })), talk.id)
    const at = `${seva.url}/app/inbox/all/${talk.id}`
    await page.goto(at)
    await page.locator('.message-in').waitFor()
    assert.equal(await field(page).inputValue(), '')
    await field(page).fill('Only Rahim thinks so')
    await until(() => page.evaluate(() => Object.keys(localStorage).some((key) => localStorage.getItem(key).includes('Only Rahim'))), 'the words being kept')
    const { name, value } = await seva.session(OWNER)
    await page.context().addCookies([{ name, value, url: seva.url, httpOnly: true, sameSite: 'Lax' }])
    await page.goto(at)
    await page.locator('.message-in').waitFor()
    assert.equal(await field(page).inputValue(), '')
    assert.equal(await page.locator('.row', { hasText: 'Only Rahim' }).count(), 0)
    await page.context().addCookies(mine)
    await page.goto(at)
    await page.locator('.message-in').waitFor()
    await holds(page, 'Only Rahim thinks so')
    await page.context().close()
  })

  test('three_hundred_conversations_later_the_heap_is_where_it_was', async () => {
    const messages = Array.from({ length: TALKS }, (_, at) => ({ id: 'shift-' + at, contact: { id: 'person-' + at, name: 'Person ' + at }, text: `Question ${at}: ${'where is it? '.repeat(20)}` }))
    for (let at = 0; at < TALKS; at += 50) await seva.call('POST', `/channels/${seva.api.id}/inbound`, { messages: messages.slice(at, at + 50) }, { 'Idempotency-Key': 'shift-' + at })
    const ids = []
    await until(async () => {
      ids.length = 0
      for (let cursor = ''; cursor !== null;) {
        const page = await seva.call('GET', `/conversations?status=open&sort=oldest&limit=200${cursor ? '&cursor=' + encodeURIComponent(cursor) : ''}`)
        ids.push(...page.items.filter((one) => one.contact.name?.startsWith('Person ')).map((one) => one.id))
        cursor = page.next
      }
      return ids.length === TALKS
    }, 'all conversations being there')
    const page = await openConsole(browser, seva, { path: 'inbox/all' })
    await page.locator('.row').first().waitFor()
    const cdp = await page.context().newCDPSession(page)
    /** What is left when collecting again frees nothing more: one collection leaves what only finalizers let go. */
    const heap = async () => {
      for (let least = Infinity; ;) {
        await cdp.send('HeapProfiler.collectGarbage')
        await drawn(page)
        const { usedSize } = await cdp.send('Runtime.getHeapUsage')
        if (usedSize >= least) return least
        least = usedSize
      }
    }
    const visit = async (some) => {
      for (const id of some) {
        await page.evaluate((path) => {
          history.pushState(null, '', path)
          dispatchEvent(new PopStateEvent('popstate'))
        }, '/app/inbox/all/' + id)
        await page.locator('.message-in').waitFor()
      }
    }
    const third = TALKS / 3
    const sizes = []
    for (let at = 0; at < 3; at++) {
      await visit(ids.slice(at * third, (at + 1) * third))
      sizes.push(await heap())
    }
    // The first hundred fill what is kept (30 timelines, the rows of the list); after them each further hundred may add its rows and no more.
    console.log(`# heap after each hundred conversations: ${sizes.map((size) => (size / MB).toFixed(1)).join(', ')} MB`)
    assert.ok(sizes[2] - sizes[1] < 2 * MB, `the heap grew from ${sizes[1]} to ${sizes[2]} bytes over the last hundred conversations`)
    await page.context().close()
  })
})
