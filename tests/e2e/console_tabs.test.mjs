// Several tabs and a long day: one event stream for all tabs of a browser, what is read in one is read in the others, and the heap stays where it is.
import assert from 'node:assert/strict'
import { describe, test } from 'node:test'
import { reasonToSkip, until } from './lib/seva.mjs'
import { drawn, openConsole, withConsole } from './lib/browser.mjs'

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
