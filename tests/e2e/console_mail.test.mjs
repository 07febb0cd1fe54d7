// Mails in the console: nothing of a mail runs, leaves or reaches beyond its sheet, whatever is in it (tests/data/mail_xss); pictures wait for leave;
// quotes fold, long mails collapse; how it looks and reads. E2E_SHOTS=folder keeps the pictures.
import assert from 'node:assert/strict'
import { join } from 'node:path'
import { describe, test } from 'node:test'
import { reasonToSkip, until } from './lib/seva.mjs'
import { axe, drawn, withConsole, words } from './lib/browser.mjs'
import { beyondTheSheet, bundleStage, cases, openStage } from './lib/mail.mjs'

const en = words('mail', 'en')
const CASES = cases()
const said = (key, values) => Object.entries(values).reduce((text, [name, value]) => text.replace(`{${name}}`, value), en[key])
const from = { name: 'Asha Rao', address: 'asha@example.net' }
const verified = { verdict: 'pass', spf: 'pass', dkim: 'pass', dmarc: 'pass' }

/** What stands on the sheet now, as far as a test may judge it without knowing the mail: everything that must never be there. Runs in the page. */
function inspect() {
  const frame = document.querySelector('#stage iframe')
  if (!frame) return { found: [], path: null, links: 0 }
  const doc = frame.contentDocument
  const tags = new Set('a abbr acronym address article aside b bdi bdo big blockquote br caption center cite code col colgroup dd del dfn div dl dt em figcaption figure font footer h1 h2 h3 h4 h5 h6 header hr i img ins kbd li main mark nav ol p pre q s samp section small span strike strong sub sup table tbody td tfoot th thead time tr tt u ul var wbr'.split(' '))
  const attributes = /^(?:align|alt|aria-hidden|aria-label|bgcolor|border|cellpadding|cellspacing|class|color|colspan|decoding|dir|face|height|href|hspace|lang|noshade|nowrap|referrerpolicy|rel|reversed|role|rowspan|scope|size|span|src|start|style|target|title|type|valign|value|vspace|width|data-seva-(?:src|wait|wide|lost|tracker|opens|quote))$/
  const found = []
  const body = doc.querySelector('[data-seva-body]')
  for (const element of body.querySelectorAll('*')) {
    if (!tags.has(element.localName) || element.namespaceURI !== 'http://www.w3.org/1999/xhtml') found.push(`element ${element.nodeName}`)
    for (const { name, value } of element.attributes) {
      if (!attributes.test(name)) found.push(`attribute ${name}`)
      if (name === 'href' && !/^(https?:\/\/|mailto:|tel:)/.test(value)) found.push(`address ${value}`)
      if (name === 'src' && !/^(\/api\/v1\/attachments\/\d+(\/mail\/file\?part=\d+)?$|\/api\/v1\/messages\/\d+\/mail\/picture\?address=h[^&]+$|data:image\/(png|jpeg|gif|webp|avif|bmp);base64,)/.test(value)) found.push(`picture ${value}`)
      if (name === 'style' && /url\(|image-set|(?<!-)position:|z-index|expression|[\\@<]|var\(|transform:|animation|content:/i.test(value)) found.push(`style ${value}`)
    }
    if (element.localName === 'a' && element.hasAttribute('href') && !(element.target === '_blank' && element.rel === 'noopener noreferrer nofollow' && element.title)) found.push('a link without its guards')
    if (element.shadowRoot) found.push('a shadow root')
    if (['fixed', 'absolute', 'sticky'].includes(doc.defaultView.getComputedStyle(element).position)) found.push('an overlay')
  }
  const sheets = [...doc.querySelectorAll('style, script, link, meta, base, title, iframe, object, embed, form')].map((one) => one.localName).join(' ')
  if (sheets !== 'meta meta meta meta meta title style') found.push(`the page has ${sheets}`)
  const css = doc.querySelector('style').textContent
  if (/url\(|@(?!media)|image-set|expression|var\(|(?<!-)position:/i.test(css)) found.push('a style sheet with more than looks')
  const box = frame.getBoundingClientRect()
  return { found, path: doc.location.pathname, isSheet: doc.body.children.length === 1 && doc.body.firstChild === body, height: box.height, links: body.querySelectorAll('a[href]').length }
}

/** The page around: what a mail must not change. Runs in the page. */
const around = () => ({ url: location.href, title: document.title, names: Object.keys(window).filter((name) => !/^\d+$/.test(name)).sort().join(), head: document.head.innerHTML, body: [...document.body.children].map((one) => one.cloneNode(false).outerHTML).join(), cookie: document.cookie, length: window.length, focus: document.activeElement?.tagName })

/** Presses and points at everything that is left. Runs in the page. */
async function poke({ hasClicks }) {
  const doc = document.querySelector('#stage iframe')?.contentDocument
  for (const element of [...(doc?.querySelectorAll('[data-seva-body] *') ?? [])].slice(0, 60)) {
    for (const name of ['mouseover', 'pointerover', 'focus', 'toggle', 'animationstart']) element.dispatchEvent(new Event(name, { bubbles: true }))
    if (hasClicks && !/^(https?|mailto|tel):/.test(element.getAttribute('href') ?? '')) element.click()
  }
  const areLoaded = () => [...(doc?.images ?? [])].every((one) => !one.hasAttribute('data-seva-wait') && (!one.getAttribute('src') || one.complete))
  for (let i = 0; i < 400 && !areLoaded(); i++) await new Promise((resolve) => setTimeout(resolve, 5))
  await new Promise((resolve) => requestAnimationFrame(() => setTimeout(resolve, 0)))
}

/** What the console asks its own server for in place of a picture elsewhere: the address in the mail; null for anything else. */
function pictureOf(seva, address) {
  const url = new URL(address)
  return url.origin === seva.url && /^\/api\/v1\/messages\/\d+\/mail\/picture$/.test(url.pathname) ? new URL(url.searchParams.get('address')).href : null
}

describe('mails', { skip: reasonToSkip() }, () => {
  let seva, browser, files
  withConsole(async (both) => {
    ;({ seva, browser } = both)
    files = await bundleStage()
  })
  const mail = (more) => ({ html: '', text: '', subject: 'Your order', from, to: [{ name: 'Care', address: 'care@shop.example' }], cc: [], date: '2026-03-02T09:00:00Z', auth: verified, guard: 'open', inline: {}, calendar: null, degraded: '', images_allowed: false, ...more })
  const show = (page, more) => page.evaluate((answer) => window.stage.showMail(answer), mail(more))
  const shot = async (page, name) => {
    if (process.env.E2E_SHOTS) await page.screenshot({ path: join(process.env.E2E_SHOTS, name + '.png'), fullPage: true })
  }

  test('the_corpus_is_large_and_every_case_has_a_name_of_its_own', () => {
    assert.ok(CASES.length >= 150, `${CASES.length} cases`)
    assert.equal(new Set(CASES.map((one) => one.name)).size, CASES.length)
  })

  test('without_cleaning_the_corpus_runs_scripts_and_sends_requests', async () => {
    const context = await browser.newContext()
    const asked = new Set()
    await context.route('**/*', (route) => {
      const url = route.request().url()
      if (url.includes('evil.example')) asked.add(url)
      return url === 'http://open.example/' ? route.fulfill({ contentType: 'text/html', body: '<title>open</title>' }) : route.fulfill({ status: 404, body: '' })
    })
    const page = await context.newPage()
    page.on('dialog', (dialog) => void dialog.dismiss())
    await page.addInitScript(() => {
      window.alert = () => (window.top.ran ??= new Set()).add(window.name || window.parent.name)
    })
    await page.goto('http://open.example/')
    for (let at = 0; at < CASES.length; at += 10) {
      await page.evaluate(async (some) => {
        await Promise.all(some.map(({ name, html }) => {
          const frame = document.createElement('iframe')
          frame.name = name
          frame.sandbox = 'allow-scripts allow-same-origin allow-forms'
          frame.srcdoc = html
          const isLoaded = new Promise((resolve) => (frame.onload = resolve))
          document.body.append(frame)
          return Promise.race([isLoaded, new Promise((resolve) => setTimeout(resolve, 5000))])
        }))
        await new Promise((resolve) => setTimeout(resolve, 200))
        document.body.replaceChildren()
      }, CASES.slice(at, at + 10).filter((one) => !/^depth_/.test(one.name)))
    }
    const ran = await page.evaluate(() => [...(window.ran ?? [])])
    assert.ok(ran.length >= 30, `only ${ran.length} cases ran a script when nothing was cleaned`)
    assert.ok(asked.size >= 60, `only ${asked.size} addresses were asked when nothing was cleaned`)
    await context.close()
  })

  for (const hasPictures of [false, true]) {
    test(hasPictures ? 'no_mail_runs_anything_or_reaches_another_server_when_its_pictures_are_allowed' : 'no_mail_runs_sends_or_changes_anything', async () => {
      const page = await openStage(browser, seva, files)
      await page.context().addCookies([{ name: 'session', value: 'secret', url: 'https://evil.example' }])
      await page.evaluate(() => {
        window.ran = []
        window.canary = window.alert = (what) => window.ran.push(String(what))
      })
      const before = await page.evaluate(around)
      const wrong = []
      for (const { name, html, pictures = [], clicks = false } of CASES) {
        page.requests.length = 0
        await show(page, { html: html.replaceAll('{origin}', seva.url), inline: { 'logo@x': '1' }, images_allowed: hasPictures })
        await page.evaluate(poke, { hasClicks: clicks })
        const { found, path, isSheet, height } = await page.evaluate(inspect)
        const after = await page.evaluate(around)
        const asked = page.requests.map((one) => pictureOf(seva, one.url) ?? one.url)
        const allowed = [...(/^(cid_known|cid_control_characters)$/.test(name) || (/cid:logo@x/.test(html) && /<img[^>]*cid:logo@x/i.test(html)) ? [seva.url + '/api/v1/attachments/1'] : []), ...(hasPictures ? pictures : [])]
        wrong.push(...found.map((one) => `${name}: ${one}`))
        if (path !== '/app/mail_sheet.html' || !isSheet) wrong.push(`${name}: the sheet shows ${path}`)
        if (!(height > 0 && height <= 30_000)) wrong.push(`${name}: it is ${height} px high`)
        wrong.push(...asked.filter((url) => !allowed.includes(url)).map((url) => `${name}: asked for ${url}`))
        if (hasPictures) wrong.push(...pictures.filter((url) => !asked.includes(url)).map((url) => `${name}: did not ask for ${url}`))
        for (const one of page.requests) {
          if (new URL(one.url).origin !== seva.url) wrong.push(`${name}: left for ${one.url}`)
          if (pictureOf(seva, one.url) && (one.type !== 'image' || one.method !== 'GET' || one.headers.referer || one.headers.origin)) wrong.push(`${name}: ${one.method} ${one.type} ${one.url} with ${JSON.stringify(one.headers)}`)
        }
        for (const [what, value] of Object.entries(after)) if (what !== 'length' && value !== before[what]) wrong.push(`${name}: changed the page's ${what} to ${String(value).slice(0, 200)}`)
      }
      assert.deepEqual(wrong, [])
      assert.deepEqual(await page.evaluate(() => window.ran), [])
      assert.deepEqual(page.dialogs, [])
      assert.deepEqual(page.popups.map((one) => one.url()), [])
      assert.deepEqual(beyondTheSheet(page.problems), [])
      assert.equal(page.url(), seva.url + '/app/stage.html')
      await page.context().close()
    })
  }

  test('the_sheet_runs_nothing_even_where_nobody_cleans', async () => {
    const page = await openStage(browser, seva, files)
    await show(page, { html: '<p>x</p>' })
    await page.evaluate(() => {
      window.ran = []
      window.canary = (what) => window.ran.push(what)
      const body = document.querySelector('#stage iframe').contentDocument.body
      for (const [tag, attributes] of [['img', { src: 'https://evil.example/i.png', onerror: 'parent.canary(1)' }], ['script', { src: 'https://evil.example/s.js' }], ['iframe', { src: 'https://evil.example/f' }], ['link', { rel: 'stylesheet', href: 'https://evil.example/c.css' }], ['object', { data: 'https://evil.example/o' }], ['video', { src: 'https://evil.example/v.mp4' }], ['meta', { 'http-equiv': 'refresh', content: '0;url=https://evil.example/r' }], ['base', { href: 'https://evil.example/' }]]) {
        const element = body.ownerDocument.createElement(tag)
        for (const [name, value] of Object.entries(attributes)) try { element.setAttribute(name, value) } catch { /* the page's own policy forbids even the writing of it */ }
        body.append(element)
      }
      const script = body.ownerDocument.createElement('p')
      script.style.backgroundImage = 'url(https://evil.example/b.png)'
      body.append(script)
    })
    await new Promise((resolve) => setTimeout(resolve, 500))
    assert.deepEqual(page.requests, [])
    assert.deepEqual(await page.evaluate(() => window.ran), [])
    assert.equal(await page.evaluate(() => document.querySelector('#stage iframe').contentDocument.location.pathname), '/app/mail_sheet.html')
    const policy = (await fetch(`${seva.url}/app/mail_sheet.html`)).headers.get('content-security-policy')
    assert.match(policy, /^sandbox allow-same-origin allow-popups allow-popups-to-escape-sandbox; default-src 'none'; img-src 'self' data:; /)
    assert.doesNotMatch(policy, /script|https?:/)
    await page.context().close()
  })

  const inside = (more) => ({ subject: 'Old words', from: { name: 'Ben', address: 'ben@example.org' }, to: [{ name: '', address: 'cara@example.org' }], cc: [], date: '2026-01-01T10:00:00Z', text: '', html: '<p>It was so.</p>', files: [{ part: 1, name: 'a.html', type: 'text/html', size: 3, is_mail: false }, { part: 2, name: 'older.eml', type: 'message/rfc822', size: 90, is_mail: true }], degraded: '', ...more })
  const logo = { part: 3, name: 'logo.png', type: 'image/png', size: 90, content_id: 'Logo@x', is_mail: false }
  const eml = { id: '5', name: 'Old words.eml', type: 'message/rfc822', size: 4000, state: 'ready', url: '/api/v1/attachments/5', thumbnail_url: null, width: null, height: null }
  /** Opens the mail that came as a file; answers are the API's. */
  const openInside = async (page, answer) => {
    page.answers.set('GET /api/v1/attachments/5/mail', { contentType: 'application/json', body: JSON.stringify(answer) })
    await page.evaluate((file) => window.stage.showFile(file), eml)
    await page.getByRole('button', { name: en['carried.read'] }).click()
    await page.locator('.mail-carried').waitFor()
    await page.evaluate(() => window.stage.laidOut())
  }

  test('a_mail_inside_a_mail_is_read_with_its_files_and_says_that_nobody_has_checked_it', async () => {
    const page = await openStage(browser, seva, files)
    const answer = inside({ html: '<p>It was <b>so</b>. <img src="https://pics.example/a.png" width="300" height="120" alt="x"></p><img src="cid:logo@x" width="120" height="60" alt="our logo">' })
    await openInside(page, { ...answer, files: [...answer.files, logo] })
    const mailShown = page.locator('.mail-carried').first()
    await until(async () => /Ben\s+<ben@example.org>/.test(await mailShown.innerText()), 'its sender')
    assert.ok((await mailShown.innerText()).includes(en['carried.unchecked']))
    assert.equal(await page.frameLocator('#stage iframe').locator('b').innerText(), 'so')
    assert.equal(await page.getByRole('button', { name: en['pictures.show'] }).count(), 0)
    assert.equal(await mailShown.locator('a.file').first().getAttribute('href'), '/api/v1/attachments/5/mail/file?part=1')
    assert.equal(await mailShown.locator('a.file').count(), 2)
    const picture = page.frameLocator('#stage iframe').first().locator('img')
    await until(() => picture.evaluate((image) => image.complete && image.naturalWidth > 0), 'its own picture')
    assert.deepEqual(await axe(page, '#stage'), [])
    await shot(page, 'mail-inside')
    for (let depth = 1; depth <= 5; depth++) {
      await page.getByRole('button', { name: en['carried.read'] }).click()
      await page.locator('.mail-carried').nth(depth).waitFor()
    }
    const asked = (rest) => page.requests.some((one) => one.url === `${seva.url}/api/v1/attachments/5/mail${rest}`)
    assert.ok(asked('?within=2.2.2.2.2'))
    await until(async () => asked('/file?part=3') && asked('/file?within=2.2.2.2.2&part=3'), 'the pictures of the first and the last')
    await page.locator('.mail-carried').nth(5).locator('a.file').nth(1).waitFor()
    assert.equal(await page.getByRole('button', { name: en['carried.read'] }).count(), 0)
    assert.ok(page.requests.every((one) => /^\/api\/v1\/attachments\/5\/mail(?:\/file)?$/.test(new URL(one.url).pathname)))
    await shot(page, 'mails-inside-mails')
    assert.deepEqual(page.problems, [])
    await page.context().close()
  })

  test('no_mail_inside_a_mail_runs_sends_or_changes_anything', async () => {
    const page = await openStage(browser, seva, files)
    await page.evaluate(() => {
      window.ran = []
      window.canary = window.alert = (what) => window.ran.push(String(what))
    })
    const before = await page.evaluate(around)
    const wrong = []
    for (const { name, html, clicks = false } of CASES.filter((_, at) => at % 4 === 0)) { // it is the sheet of every mail
      page.requests.length = 0
      await openInside(page, inside({ html: html.replaceAll('{origin}', seva.url), files: [logo], images_allowed: true, inline: { 'logo@x': '1' }, auth: verified }))
      await page.evaluate(poke, { hasClicks: clicks })
      const { found, path, isSheet } = await page.evaluate(inspect)
      wrong.push(...found.map((one) => `${name}: ${one}`))
      if (path !== '/app/mail_sheet.html' || !isSheet) wrong.push(`${name}: the sheet shows ${path}`)
      wrong.push(...page.requests.filter((one) => !['/api/v1/attachments/5/mail', '/api/v1/attachments/5/mail/file?part=3'].includes(one.url.slice(seva.url.length))).map((one) => `${name}: asked for ${one.url}`))
      const after = await page.evaluate(around)
      for (const [what, value] of Object.entries(after)) if (what !== 'length' && what !== 'focus' && value !== before[what]) wrong.push(`${name}: changed the page's ${what} to ${String(value).slice(0, 200)}`)
    }
    assert.deepEqual(wrong, [])
    assert.deepEqual(await page.evaluate(() => window.ran), [])
    assert.deepEqual(page.dialogs, [])
    assert.deepEqual(page.popups.map((one) => one.url()), [])
    assert.deepEqual(beyondTheSheet(page.problems), [])
    await page.context().close()
  })

  test('pictures_wait_for_leave_for_this_mail_or_for_the_sender', async () => {
    const page = await openStage(browser, seva, files)
    const html = '<p>Hello</p><img src="https://pics.example/a.png" width="300" height="120" alt="Our new shop"><img src="https://pics.example/b.png" width=1 height=1><img src="cid:logo@x" width=20 height=20>'
    const waiting = { name: said('pictures.show', {}) }
    await show(page, { html, inline: { '<LOGO@x>': '7' } })
    await until(async () => page.requests.length === 1, 'the mail asking for its own picture')
    assert.equal(page.requests[0].url, seva.url + '/api/v1/attachments/7')
    const place = page.frameLocator('#stage iframe').locator('[data-seva-src]')
    const box = await place.boundingBox()
    assert.deepEqual([Math.round(box.width), Math.round(box.height)], [300, 120])
    assert.equal(await place.getAttribute('data-seva-src'), 'https://pics.example/a.png')
    assert.deepEqual([await place.evaluate((element) => element.localName), await place.innerText()], ['span', 'Our new shop'])
    await page.getByRole('button', waiting).click()
    const isAsked = (one) => pictureOf(seva, one.url) === 'https://pics.example/a.png'
    await until(async () => page.requests.some(isAsked), 'the picture being asked for')
    assert.equal(page.requests.find(isAsked).headers.referer, undefined)
    assert.equal(page.requests.some((one) => one.url.endsWith('b.png')), false)
    assert.equal(page.requests.some((one) => new URL(one.url).origin !== seva.url), false)
    await page.getByText('1 picture that tells').waitFor()

    page.answers.set('PUT /api/v1/messages/2/mail/images', { status: 204, body: '' })
    await show(page, { html })
    await page.getByRole('button', { name: said('pictures.always', { address: from.address }) }).click()
    await page.getByRole('button', waiting).waitFor({ state: 'detached' })
    assert.equal(page.requests.filter((one) => one.method === 'PUT').length, 1)
    await show(page, { html })
    await drawn(page)
    assert.equal(await page.getByRole('button', waiting).count(), 0)
    // Who only claims to be that sender is not.
    await show(page, { html, auth: { verdict: 'none' } })
    await page.getByRole('button', waiting).waitFor()
    assert.equal(await page.getByRole('button', { name: /^Always/ }).count(), 0)
    assert.deepEqual(page.problems, [])
    await page.context().close()
  })

  test('a_link_opens_a_tab_that_knows_nothing_of_the_console_and_says_its_host_before', async () => {
    const page = await openStage(browser, seva, files)
    await show(page, { html: '<p><a href="https://user@shop.example/track?id=1" id=body target=_top>Track it</a> <a href="https://evil.example/">https://bank.example</a></p>' })
    const frame = page.frameLocator('#stage iframe')
    await frame.getByText('Track it').hover()
    await page.locator('.mail-link-shown', { hasText: 'shop.example' }).waitFor()
    await frame.getByText('https://bank.example').focus()
    await page.locator('.mail-link-shown', { hasText: 'evil.example' }).waitFor()
    assert.equal(await frame.getByText('https://bank.example').evaluate((element) => getComputedStyle(element, '::after').content.includes('evil.example')), true)
    await frame.getByText('Track it').click()
    await until(async () => page.popups.length === 1 && page.popups[0].url().startsWith('https://'), 'the tab')
    const popup = page.popups[0]
    assert.equal(popup.url(), 'https://shop.example/track?id=1')
    assert.equal(await popup.evaluate(() => window.opener === null && window.origin !== 'null' && document.referrer === ''), true)
    assert.equal(page.url(), seva.url + '/app/stage.html')
    await page.context().close()
  })

  test('the_frame_is_as_high_as_its_mail_follows_it_and_folds_a_long_one', async () => {
    const page = await openStage(browser, seva, files)
    const height = () => page.locator('#stage iframe').evaluate((frame) => frame.getBoundingClientRect().height)
    await show(page, { html: '<p>short</p>' })
    await until(async () => (await height()) > 40 && (await height()) < 90, 'a short mail being short')
    await show(page, { html: '<div style="height:400px">tall</div>' })
    await until(async () => Math.abs((await height()) - 424) < 3, 'the frame fitting 400 px')
    await page.evaluate(() => (document.querySelector('#stage iframe').contentDocument.querySelector('[data-seva-body] div').style.height = '300px'))
    await until(async () => Math.abs((await height()) - 324) < 3, 'the frame following its content')
    await show(page, { html: '<p>line</p>'.repeat(200) })
    const toggle = page.getByRole('button', { name: en['mail.unfold'] })
    await toggle.waitFor()
    assert.equal(await height(), 460)
    assert.equal(await toggle.getAttribute('aria-expanded'), 'false')
    await toggle.press('Enter')
    await until(async () => (await height()) > 4000, 'the whole mail')
    assert.equal(await page.getByRole('button', { name: en['mail.fold'] }).getAttribute('aria-expanded'), 'true')
    // A mail that asks for the height of its window does not grow for ever.
    await show(page, { html: '<div style="min-height:100vh">x</div><style>html,body{height:100%}</style>' })
    const first = await height()
    await new Promise((resolve) => setTimeout(resolve, 300))
    assert.equal(await height(), first)
    assert.deepEqual(page.problems, [])
    await page.context().close()
  })

  test('the_quoted_mail_is_folded_behind_a_button_and_a_mail_of_quotes_is_not', async () => {
    const page = await openStage(browser, seva, files)
    const old = page.frameLocator('#stage iframe').getByText('old words')
    const quotes = {
      gmail: '<div>new</div><div class="gmail_quote"><blockquote>old words</blockquote></div>',
      thunderbird: '<p>new</p><div class="moz-cite-prefix">Am 1.1. schrieb A:</div><blockquote type="cite"><p>old words</p></blockquote>',
      outlook: '<p>new</p><div id="appendonsend"></div><hr><div id="divRplyFwdMsg">From: A</div><div>old words</div>',
      apple: '<div>new</div><blockquote type="cite">old words</blockquote>',
      yahoo: '<div>new</div><div class="yahoo_quoted">old words</div>',
      proton: '<div>new</div><div class="protonmail_quote">old words</div>',
    }
    for (const [name, html] of Object.entries(quotes)) {
      await show(page, { html })
      const button = page.getByRole('button', { name: en['mail.show_quote'] })
      await button.waitFor()
      assert.deepEqual([name, await button.textContent(), await button.getAttribute('aria-expanded'), await old.isVisible()], [name, '…', 'false', false])
      await button.press('Enter')
      await old.waitFor({ state: 'visible' })
      assert.equal(await page.getByRole('button', { name: en['mail.hide_quote'] }).getAttribute('aria-expanded'), 'true')
    }
    // The rule above Outlook's quote goes with it; one below which something is to be seen is the writer's.
    const head = '<div id="divRplyFwdMsg">From: A</div><div>old words</div>'
    for (const [above, isFolded] of [['<hr tabindex="-1">', true], ['<hr><div><br>&nbsp;</div><div>', true], ['<hr>Asha', false], ['<hr><img src="cid:logo@x" width="9" height="9">', false]]) {
      await show(page, { html: `<p>new</p>${above}${head}` })
      await page.getByRole('button', { name: en['mail.show_quote'] }).waitFor()
      assert.deepEqual([above, await page.frameLocator('#stage iframe').locator('hr').first().isVisible()], [above, !isFolded])
    }
    await show(page, { html: '<div class="gmail_quote">old words</div>' })
    await old.waitFor({ state: 'visible' })
    assert.equal(await page.getByRole('button', { name: en['mail.show_quote'] }).count(), 0)

    await show(page, { text: 'new\n\nOn 5 Jan 2026 Asha <asha@example.net> wrote:\n> old words\n> https://x.example' })
    assert.equal(await page.locator('.mail-text').innerText(), 'new')
    await page.getByRole('button', { name: en['mail.show_quote'] }).click()
    assert.equal(await page.locator('.mail-text a').last().getAttribute('href'), 'https://x.example')
    await page.context().close()
  })

  test('the_line_above_the_quote_of_our_own_mails_is_folded_with_it', async () => {
    const page = await openStage(browser, seva, files)
    const frame = page.frameLocator('#stage iframe')
    const lines = ['On 2026-01-31 at 09:30 UTC, Asha wrote:']
    for (const locale of ['en', 'bn', 'ar']) {
      const own = words('mail', locale)
      const date = new Intl.DateTimeFormat(locale, { dateStyle: 'medium', timeStyle: 'short' }).format(Date.parse('2026-03-02T09:00:00Z'))
      lines.push(own['preview.wrote'].replace('{date}', date).replace('{name}', 'Asha'), own['preview.wrote_undated'].replace('{name}', '\u2068Asha\u2069'))
    }
    for (const line of lines) {
      await show(page, { html: `<p>new</p><div>Ada</div><div>${line}</div><blockquote type="cite"><p>old words</p></blockquote>` })
      await page.getByRole('button', { name: en['mail.show_quote'] }).waitFor()
      assert.deepEqual([line, (await frame.locator('[data-seva-body]').innerText()).replace(/\s+/g, ' ').trim()], [line, 'new Ada'])
      await page.getByRole('button', { name: en['mail.show_quote'] }).click()
      await frame.getByText(line).waitFor({ state: 'visible' })
    }
    // What only stands above a quote, or has the writer's own words beside it, stays.
    for (const own of ['<div>I mean this:</div>', '<div>See it?<br>On 2026-01-31, Asha wrote:</div>', '<div>It was in 2026.</div>']) {
      await show(page, { html: `<p>new</p>${own}<blockquote type="cite">old words</blockquote>` })
      await page.getByRole('button', { name: en['mail.show_quote'] }).waitFor()
      assert.equal(await frame.locator('[data-seva-body] > div').isVisible(), true, own)
    }
    assert.deepEqual(page.problems, [])
    await page.context().close()
  })

  test('keys_pressed_on_the_sheet_are_the_consoles', async () => {
    const page = await openStage(browser, seva, files)
    await show(page, { html: '<p>Hello</p>' })
    await page.evaluate(() => {
      window.pressed = []
      addEventListener('keydown', (event) => window.pressed.push(event.key))
    })
    await page.frameLocator('#stage iframe').getByText('Hello').click()
    await page.keyboard.press('j')
    await page.keyboard.press('Escape')
    assert.deepEqual(await page.evaluate(() => window.pressed), ['j', 'Escape'])
    await page.context().close()
  })

  test('a_mail_is_fetched_when_it_comes_into_sight_and_a_failure_can_be_tried_again', async () => {
    const page = await openStage(browser, seva, files)
    const path = 'GET /api/v1/messages/42/mail'
    page.answers.set(path, { status: 503, contentType: 'application/json', body: JSON.stringify({ error: { code: 'busy', message: 'The server is busy' } }) })
    await page.evaluate(() => window.stage.showEntry('42', 'what lists know'))
    await page.getByText('The server is busy').waitFor()
    await page.getByText('what lists know').waitFor()
    page.answers.set(path, { status: 200, contentType: 'application/json', body: JSON.stringify(mail({ html: '<p>the whole mail</p>' })) })
    await page.getByRole('button', { name: words('console', 'en')['common.retry'] }).click()
    await page.frameLocator('#stage iframe').getByText('the whole mail').waitFor()
    assert.equal(page.requests.filter((one) => one.url.endsWith('/42/mail')).length, 2)
    assert.deepEqual(page.problems, [])
    await page.context().close()
  })

  const meeting = { method: 'request', summary: 'Visit of the warehouse', starts_at: '2026-03-02T09:00:00Z', ends_at: '2026-03-02T10:30:00Z', is_all_day: false, time_zone: 'Europe/Berlin', location: 'https://meet.example/abc', organizer: from, attendees: 4, recurrence: '' }
  const newsletter = `<body bgcolor="#f4f4f4"><style>.head{background:#0b6;color:#fff;font:bold 22px Georgia;padding:18px} body{font-family:Arial} @media(max-width:500px){.head{font-size:16px}}</style>
    <table width="600" align="center" cellpadding="0" cellspacing="0" style="background:#fff"><tr><td class="head">Spring at the shop</td></tr><tr><td style="padding:16px"><p>Dear Maya,</p><p>your order <b>1234</b> is on its way. <a href="https://shop.example/track">Track it</a> or <a href="https://evil.example/x">https://shop.example</a>.</p>
    <img src="https://pics.example/hero.png" width="520" height="160" alt="Teapots in a row"><ul><li>Two teapots</li><li>One kettle</li></ul></td></tr></table><div class="gmail_quote">On Monday you wrote: where is it?</div></body>`
  const arabic = '<div dir="rtl"><p>مرحبا،</p><p>طلبكم رقم <b>1234</b> في الطريق. <a href="https://shop.example/ar">تتبّع الشحنة</a></p><blockquote type="cite">أين طلبي؟</blockquote></div>'

  for (const [scheme, locale, width] of [['light', 'en', 1000], ['dark', 'en', 1000], ['light', 'ar', 1000], ['light', 'en', 390], ['dark', 'bn', 390]]) {
    test(`no_axe_violation_and_no_sideways_scrolling_in_a_mail_${scheme}_${locale}_${width}`, async () => {
      const page = await openStage(browser, seva, files, { width, scheme, query: `?locale=${locale}${scheme === 'dark' ? '&dark=1' : ''}` })
      const found = []
      const look = async (name, more) => {
        await show(page, more)
        await drawn(page)
        const details = page.locator('.mail-more')
        await details.click()
        await drawn(page)
        found.push(...(await axe(page, '#stage')).map((one) => `${name}: ${one}`))
        assert.ok(await page.evaluate(() => document.documentElement.scrollWidth <= innerWidth), `${name} scrolls sideways`)
        await shot(page, `mail-${name}-${scheme}-${locale}-${width}`)
      }
      await look('newsletter', { html: newsletter, cc: [{ name: 'রহিমা খাতুন', address: 'rahima@example.org' }, { name: 'أحمد', address: 'ahmad@example.org' }, { name: '', address: 'c@example.org' }, { name: '', address: 'd@example.org' }] })
      await look('arabic', { html: arabic, subject: 'طلبكم في الطريق', from: { name: 'أحمد المنصوري', address: 'ahmad@example.org' }, auth: { verdict: 'none' }, guard: 'signed_smime' })
      await look('invitation', { text: 'See you there: https://meet.example/abc\n\nOn 5 Jan 2026 A <a@x.example> wrote:\n> when?', calendar: meeting, guard: 'encrypted_pgp', auth: { verdict: 'fail', spf: 'fail', dkim: 'none', dmarc: 'fail' }, degraded: 'an unknown charset was read as UTF-8' })
      await look('long', { html: '<p>The terms and conditions of this shop are long.</p>'.repeat(60) })
      assert.deepEqual(found, [])
      assert.deepEqual(page.problems, [])
      await page.context().close()
    })
  }
})
