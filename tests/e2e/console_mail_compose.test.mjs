// Writing a mail: recipients by keys and by pasting, formatting and its keys, what is pasted comes in clean, plain text and back. E2E_SHOTS=folder
// keeps the pictures.
import assert from 'node:assert/strict'
import { join } from 'node:path'
import { describe, test } from 'node:test'
import { reasonToSkip, until } from './lib/seva.mjs'
import { axe, drawn, withConsole, words } from './lib/browser.mjs'
import { beyondTheSheet, bundleStage, cases, openStage } from './lib/mail.mjs'

const en = words('mail', 'en')

describe('writing a mail', { skip: reasonToSkip() }, () => {
  let seva, browser, files
  withConsole(async (both) => {
    ;({ seva, browser } = both)
    files = await bundleStage()
  })
  const compose = async (start = {}, options = {}) => {
    const page = await openStage(browser, seva, files, options)
    await page.evaluate((one) => window.stage.showCompose(one), start)
    await page.locator('.recipients').waitFor()
    return page
  }
  const written = (page) => page.evaluate(() => window.stage.written())
  const names = async (page) => (await written(page)).people.to.map((one) => one.address)
  const field = (page) => page.getByRole('textbox', { name: en['rich.field'] })
  const paste = (page, data) =>
    page.evaluate((types) => {
      const transfer = new DataTransfer()
      for (const [type, value] of Object.entries(types)) transfer.setData(type, value)
      document.activeElement.dispatchEvent(new ClipboardEvent('paste', { clipboardData: transfer, bubbles: true, cancelable: true }))
    }, data)
  const html = async (page) => (await written(page)).now.html
  const becomes = (page, wanted) => until(async () => (await html(page)) === wanted, wanted).catch(async () => assert.equal(await html(page), wanted))

  test('recipients_are_typed_pasted_mended_and_removed_by_keys', async () => {
    const page = await compose()
    await page.getByLabel(en['compose.to'], { exact: true }).focus()
    await page.keyboard.type('asha@example.net,')
    await page.keyboard.type('রহিমা খাতুন <rahima@example.org>')
    await page.keyboard.press('Enter')
    await paste(page, { 'text/plain': '"Rao, Asha" <ASHA@example.net>; أحمد <ahmad@example.org>\nnobody' })
    assert.deepEqual(await names(page), ['asha@example.net', 'rahima@example.org', 'ahmad@example.org', 'nobody'])
    await page.locator('.recipient-bad', { hasText: 'nobody' }).waitFor()
    await page.getByRole('status').filter({ hasText: 'nobody' }).waitFor()
    // The last one is mended, the second removed.
    await page.keyboard.press('ArrowLeft')
    await page.keyboard.press('Enter')
    await page.keyboard.type('nobody@example.org')
    await page.keyboard.press('Tab')
    assert.deepEqual((await names(page)).at(-1), 'nobody@example.org')
    await page.getByLabel(en['compose.to'], { exact: true }).focus()
    for (const key of ['Backspace', 'ArrowLeft', 'ArrowLeft', 'Delete']) await page.keyboard.press(key)
    assert.deepEqual(await names(page), ['asha@example.net', 'ahmad@example.org', 'nobody@example.org'])
    assert.equal(await page.locator('.recipient-bad').count(), 0)
    await page.getByRole('button', { name: en['compose.add'].replace('{field}', en['compose.bcc']) }).click()
    await page.keyboard.type('hidden@example.org')
    await page.keyboard.press('Enter')
    assert.deepEqual((await written(page)).people.bcc, [{ name: '', address: 'hidden@example.org' }])
    await page.getByLabel(en['compose.subject']).fill('আপনার অর্ডার')
    assert.equal((await written(page)).subject, 'আপনার অর্ডার')
    assert.deepEqual(page.problems, [])
    await page.context().close()
  })

  test('formatting_works_by_keys_and_by_the_toolbar', async () => {
    const page = await compose()
    await field(page).click()
    await page.keyboard.type('Hello ')
    await page.keyboard.press('Control+b')
    await page.getByRole('button', { name: en['rich.bold'] }).and(page.locator('[aria-pressed=true]')).waitFor()
    await page.keyboard.type('Asha')
    await page.keyboard.press('Control+b')
    await page.keyboard.press('Enter')
    await page.keyboard.type('one')
    await page.keyboard.press('Control+Shift+Digit8')
    await page.keyboard.press('Enter')
    await page.keyboard.type('two')
    await becomes(page, '<p>Hello <b>Asha</b></p><ul><li>one</li><li>two</li></ul>')
    await until(async () => (await written(page)).body.text === 'Hello Asha\n\n- one\n- two', 'the text beside it')
    await page.keyboard.press('Control+a')
    await page.keyboard.press('Delete')
    await page.keyboard.type('said')
    await page.getByRole('button', { name: en['rich.quote'], exact: true }).click()
    await until(async () => (await html(page)).startsWith('<blockquote>'), 'a quote')
    await page.getByRole('button', { name: en['rich.quote'], exact: true }).click()
    await until(async () => !(await html(page)).includes('blockquote'), 'the quote being taken off')
    await page.getByRole('button', { name: en['rich.code'], exact: true }).click()
    await becomes(page, '<pre>said</pre>')
    assert.deepEqual(page.problems, [])
    await page.context().close()
  })

  test('a_link_is_made_changed_and_removed_and_leads_only_where_links_may', async () => {
    const page = await compose()
    await field(page).click()
    await page.keyboard.type('our shop')
    for (let i = 0; i < 4; i++) await page.keyboard.press('Shift+ArrowLeft')
    await page.keyboard.press('Control+Shift+KeyK')
    await page.getByLabel(en['rich.link_title']).waitFor()
    await page.keyboard.type('javascript:alert(1)')
    await page.keyboard.press('Enter')
    await page.getByText(en['rich.link_bad']).waitFor()
    await page.getByLabel(en['rich.link_title']).fill('shop.example/a?b=1&c=2')
    await page.keyboard.press('Enter')
    await becomes(page, '<p>our <a href="https://shop.example/a?b=1&amp;c=2">shop</a></p>')
    await page.keyboard.press('ArrowLeft')
    await page.keyboard.press('ArrowRight')
    await page.keyboard.press('ArrowRight')
    await page.keyboard.press('Control+Shift+KeyK')
    await page.getByRole('button', { name: en['rich.unlink'] }).click()
    await becomes(page, '<p>our shop</p>')
    assert.deepEqual(page.problems, [])
    await page.context().close()
  })

  test('what_is_pasted_comes_in_clean_and_can_be_taken_back', async () => {
    const page = await compose()
    await field(page).click()
    await page.keyboard.type('x')
    await paste(page, { 'text/html': '<html><head><style>p{color:red}</style></head><body style="margin:0"><!--StartFragment--><h2 style="color:red" onclick="alert(1)">Head</h2><p class=MsoNormal style="mso-x:1"><b style="font-weight:normal"><span style="color:#fff;background:url(https://evil.example/b)">words</span></b> <a href="javascript:alert(1)">bad</a> <a href="https://x.example/" target=_top>good</a><img src="https://evil.example/i.png"></p><table><tr><td>cell</td></tr></table><!--EndFragment--></body></html>', 'text/plain': 'Head' })
    await until(async () => (await html(page)).includes('cell'), 'what was pasted')
    const now = await html(page)
    assert.match(now, /Head/)
    assert.match(now, /<a href="https:\/\/x\.example\/">good<\/a>/)
    assert.doesNotMatch(now, /javascript|style|class|evil|onclick|span|table|img/)
    await page.keyboard.press('Control+z')
    await becomes(page, '<p>x</p>').catch(async () => assert.equal(await html(page), '<p>x</p>'))
    await paste(page, { 'text/plain': 'a <b>\nb' })
    await until(async () => (await html(page)).includes('a &lt;b&gt;'), 'plain text staying text')
    assert.deepEqual(page.requests, [])
    assert.deepEqual(page.problems, [])
    await page.context().close()
  })

  describe('while what reads foreign HTML is on its way', () => {
    /** Holds the module back that the field loads when it is first needed. */
    const late = async (start) => {
      const page = await openStage(browser, seva, files)
      let release
      const released = new Promise((resolve) => (release = resolve))
      await page.route(/\/stage\/paste-[^/]*\.js$/, async (route) => {
        await released
        await route.fallback()
      })
      await page.evaluate((one) => window.stage.showCompose(one), start)
      await field(page).click()
      const told = (wanted) => until(async () => (await written(page)).body.html === wanted, wanted).catch(async () => assert.equal((await written(page)).body.html, wanted))
      return Object.assign(page, { release, told })
    }

    test('what_is_typed_in_an_empty_field_stays', async () => {
      const page = await late({})
      // Its timers stand still: what is typed is not said yet.
      await page.clock.install()
      await page.clock.pauseAt(Date.now() + 60_000)
      await page.keyboard.type('Thank yo')
      page.release()
      await page.keyboard.type('u,')
      await page.clock.resume()
      await page.told('<p>Thank you,</p>')
      await page.keyboard.type(' Asha')
      await page.told('<p>Thank you, Asha</p>')
      assert.deepEqual(page.problems, [])
      await page.context().close()
    })

    test('what_is_typed_into_a_draft_stands_before_it_and_both_are_kept', async () => {
      const page = await late({ body: { isRich: true, html: '<p>kept <b>words</b></p>', text: 'kept words' } })
      await page.keyboard.type('Thank yo')
      // Said while the draft does not stand there yet: it must not be written over.
      await page.told('<p>Thank yo</p><p>kept <b>words</b></p>')
      assert.equal((await written(page)).body.text, 'Thank yo\n\nkept words')
      page.release()
      await field(page).locator('b').waitFor()
      await page.keyboard.type('u, Asha')
      await page.told('<p>Thank you, Asha</p><p>kept <b>words</b></p>')
      assert.deepEqual(page.problems, [])
      await page.context().close()
    })

    /** Browsers write a space at an edge as one that does not break. */
    const spaced = (page, wanted) => until(async () => (await html(page)).replaceAll('\u00a0', ' ') === wanted, wanted).catch(async () => assert.equal(await html(page), wanted))

    test('the_caret_stays_with_who_types_on_after_pasting_or_choosing_a_text', async () => {
      const page = await late({})
      await page.keyboard.type('one ')
      await paste(page, { 'text/html': '<b>two</b>' })
      await page.keyboard.type('thr')
      page.release()
      await field(page).locator('b').waitFor()
      await page.keyboard.type('ee')
      await spaced(page, '<p>one <b>two</b>three</p>')
      await page.context().close()

      const other = await late({})
      await other.keyboard.type('one ')
      await other.evaluate(() => void window.stage.insertHtml('<p>two</p>'))
      await other.getByLabel(en['compose.subject']).fill('Your ')
      other.release()
      await until(async () => (await html(other)).includes('two'), 'the text')
      await other.keyboard.type('order')
      await spaced(other, '<p>one two</p>')
      assert.equal((await written(other)).subject, 'Your order')
      assert.deepEqual(other.problems, [])
      await other.context().close()
    })
  })

  test('nothing_of_the_corpus_runs_or_is_fetched_when_it_is_pasted', async () => {
    const page = await compose()
    await page.evaluate(() => {
      window.ran = []
      window.canary = window.alert = (what) => window.ran.push(String(what))
    })
    await field(page).click()
    const wrong = []
    for (const { name, html: dirty } of cases()) {
      await page.evaluate(() => { const one = document.querySelector('.rich-field'); one.replaceChildren(); one.focus() })
      await paste(page, { 'text/html': dirty })
      await drawn(page)
      const found = await page.evaluate(() => [...document.querySelectorAll('.rich-field *')].filter((one) => !/^(a|b|strong|i|em|u|s|p|br|ul|ol|li|blockquote|pre|code|h[1-4]|img|span|div|font)$/.test(one.localName) || one.getAttributeNames().some((attribute) => !/^(href|src|alt|style|data-cid|color|face)$/.test(attribute)) || /^(?!https?:|mailto:|tel:)/.test(one.getAttribute('href') ?? 'https:')).map((one) => one.outerHTML.slice(0, 120)))
      wrong.push(...found.map((one) => `${name}: ${one}`))
      const out = await html(page)
      if (/<(?!\/?(?:a|b|strong|i|em|u|s|p|br|ul|ol|li|blockquote|pre|code|h[1-4]|img)\b)|<img src="(?!cid:)|<a href="(?!https?:|mailto:|tel:)/.test(out)) wrong.push(`${name}: goes out as ${out.slice(0, 200)}`)
    }
    assert.deepEqual(wrong, [])
    assert.deepEqual(page.requests.map((one) => one.url), [])
    assert.deepEqual(await page.evaluate(() => window.ran), [])
    assert.deepEqual([page.dialogs, beyondTheSheet(page.problems)], [[], []])
    await page.context().close()
  })

  test('plain_text_keeps_the_words_and_coming_straight_back_the_formatting', async () => {
    const page = await compose({ body: { isRich: true, html: '<p>Hello <b>Asha</b></p><p><img src="cid:logo@x" alt="Logo"></p>', text: '' }, pictures: { 'logo@x': '/api/v1/attachments/7' } })
    await field(page).locator('b').waitFor()
    await until(async () => page.requests.some((one) => one.url === seva.url + '/api/v1/attachments/7'), 'the picture being shown')
    assert.equal(await html(page), '<p>Hello <b>Asha</b></p><p><img src="cid:logo@x" alt="Logo"></p>')
    await page.getByRole('button', { name: en['rich.plain'] }).click()
    assert.equal(await field(page).inputValue(), 'Hello Asha\n\n[Logo]')
    assert.equal((await written(page)).body.html, '')
    await page.getByRole('button', { name: en['rich.rich'] }).click()
    await field(page).locator('b').waitFor()
    await page.getByRole('button', { name: en['rich.plain'] }).click()
    await field(page).fill('a <b>\nb\n\nc')
    await page.getByRole('button', { name: en['rich.rich'] }).click()
    await becomes(page, '<p>a &lt;b&gt;<br>b</p><p>c</p>')
    assert.deepEqual(page.problems, [])
    await page.context().close()
  })

  const full = {
    people: { to: [{ name: 'রহিমা খাতুন', address: 'rahima@example.org' }, { name: 'أحمد المنصوري', address: 'ahmad@example.org' }, { name: '', address: 'nobody' }], cc: [{ name: '', address: 'team@example.org' }], bcc: [] },
    body: { isRich: true, html: '<p>আপনার অর্ডার <b>পথে আছে</b>।</p><p>Two things:</p><ul><li>one</li><li><a href="https://shop.example/">two</a></li></ul><blockquote><p>said</p></blockquote><pre>code</pre>', text: '' },
    signature: '<p>Ada Lindqvist<br><b>The shop</b></p>',
    answered: { from: { name: 'Asha Rao', address: 'asha@example.net' }, date: '2026-03-02T09:00:00Z', text: 'Where is my order?\nIt should be here.' },
  }
  for (const [scheme, locale, width] of [['light', 'en', 900], ['dark', 'en', 900], ['light', 'ar', 900], ['dark', 'bn', 390]]) {
    test(`no_axe_violation_in_writing_a_mail_${scheme}_${locale}_${width}`, async () => {
      const page = await compose(full, { width, scheme, query: `?locale=${locale}${scheme === 'dark' ? '&dark=1' : ''}` })
      await page.locator('.rich-field b').waitFor()
      await page.locator('.mail-signature b').waitFor()
      await page.locator('.mail-quote-toggle').click()
      await page.locator('.mail-quoted').waitFor()
      await page.locator('.rich-field').focus()
      await drawn(page)
      assert.deepEqual(await axe(page, '#stage'), [])
      assert.ok(await page.evaluate(() => document.documentElement.scrollWidth <= innerWidth))
      for (const button of await page.locator('#stage button:visible').all()) {
        const size = await button.boundingBox()
        assert.ok(size.width >= 24 && size.height >= 24, await button.evaluate((element) => element.outerHTML.slice(0, 90)))
      }
      if (process.env.E2E_SHOTS) await page.screenshot({ path: join(process.env.E2E_SHOTS, `compose-${scheme}-${locale}-${width}.png`), fullPage: true })
      assert.deepEqual(page.problems, [])
      await page.context().close()
    })
  }
})
