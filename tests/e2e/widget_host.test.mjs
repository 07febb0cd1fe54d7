// The loader inside pages that are strict, hostile, right-to-left, small or broken.
import assert from 'node:assert/strict'
import { test } from 'node:test'
import { drawn, open } from './lib/browser.mjs'
import { until } from './lib/seva.mjs'
import { chat, chatFrame, openChat, settings, stage, startHost, visit } from './widget_page.mjs'

const { skip, seva, browser } = await stage()

async function onHost(options, work, browserOptions) {
  const host = await startHost(seva, options)
  const page = await open(browser, browserOptions)
  try {
    await work(page, host)
  } finally {
    await page.context().close()
    await host.close()
  }
}

/** The launcher stands in a closed shadow root: found as a visitor finds it, by its place. */
const clickLauncher = (page, side = 'right') => {
  const { width, height } = page.viewportSize()
  return page.mouse.click(side === 'right' ? width - 48 : 48, height - 48)
}

/** Where the chat stands when it has come to rest. */
async function frameBox(frame) {
  const element = await frame.frameElement()
  await element.evaluate((one) => Promise.all(one.getRootNode().getAnimations().map((motion) => motion.finished)))
  return element.boundingBox()
}

test('a_strict_policy_needs_to_admit_script_and_frame_only', { skip }, async () => {
  const csp = `default-src 'none'; script-src 'self' ${seva.url}; style-src 'self'; img-src data:; frame-src ${seva.url}; base-uri 'none'; require-trusted-types-for 'script'; trusted-types seva`
  await onHost({ csp }, async (page, host) => {
    await visit(page, host.url)
    await clickLauncher(page)
    const frame = await chatFrame(page)
    await chat(frame).say('Through the strict door')
    await chat(frame).message('Through the strict door').getByText('Sent').waitFor()
    assert.deepEqual(page.problems, [])
  })
})

test('hostile_styles_neither_hide_nor_move_nor_colour_the_chat', { skip }, async () => {
  const css = `* { all: unset !important; display: none !important; } html, head, body, h1, p { display: block !important; }
    div, button, iframe, span { position: static !important; opacity: 0 !important; visibility: hidden !important; transform: scale(0) !important; width: 1px !important;
    color: red !important; background: red !important; pointer-events: none !important; z-index: -1 !important; clip-path: inset(100%) !important; }`
  await onHost({ css }, async (page, host) => {
    await visit(page, host.url)
    await clickLauncher(page)
    const frame = await chatFrame(page)
    const box = await frameBox(frame)
    assert.ok(box.width > 300 && box.height > 400, JSON.stringify(box))
    await chat(frame).say('Still here')
    await chat(frame).message('Still here').getByText('Sent').waitFor()
  })
})

test('the_page_can_open_close_toggle_and_listen_and_errors_stay_inside', { skip }, async () => {
  await onHost({}, async (page, host) => {
    await visit(page, host.url)
    const frames = () => page.frames().filter((frame) => frame.url().includes('/widget/frame')).length
    assert.equal(frames(), 0)
    await page.evaluate(() => {
      window.heard = []
      const stop = window.Seva.on('open', () => window.heard.push('open'))
      window.Seva.on('close', () => window.heard.push('close'))
      window.Seva.on('open', () => {
        throw new Error('the page itself')
      })
      window.Seva.toggle()
      window.Seva.close()
      stop()
      window.Seva.open()
      window.Seva.identify()
      window.Seva.identify({ id: 7 })
    })
    assert.deepEqual(await page.evaluate(() => window.heard), ['open', 'close'])
    await chatFrame(page)
    assert.equal(frames(), 1)
    assert.deepEqual(page.problems, [])
  })
})

test('calls_made_before_the_loader_came_are_kept', { skip }, async () => {
  await onHost({ script: 'window.Seva = { q: [["open"]] }' }, async (page, host) => {
    await page.goto(host.url)
    await chat(await chatFrame(page)).box.waitFor()
  })
})

test('an_unknown_key_says_so_inside_the_chat_and_nowhere_else', { skip }, async () => {
  const stranger = Object.assign(Object.create(seva), { widget: { public_key: 'no-such-key' } })
  const host = await startHost(stranger)
  const page = await open(browser)
  await visit(page, host.url)
  const answered = page.waitForResponse((response) => response.url().includes('/widget/frame'))
  await page.evaluate(() => window.Seva.open())
  await answered
  await drawn(page)
  assert.deepEqual(page.problems.filter((text) => !/frame-ancestors|Refused to (frame|display)/.test(text)), [])
  await page.context().close()
  await host.close()
})

test('arabic_pages_get_an_arabic_chat_from_right_to_left', { skip }, async () => {
  await onHost({ lang: 'ar' }, async (page, host) => {
    await visit(page, host.url)
    const frame = await openChat(page)
    const visitor = chat(frame, 'ar')
    await visitor.box.waitFor()
    assert.equal(await frame.evaluate(() => document.documentElement.dir), 'rtl')
    await visitor.say('مرحبا، أين طلبي رقم 1234؟')
    const bubble = visitor.message('أين طلبي').locator('.bubble')
    await visitor.message('أين طلبي').getByText(visitor.t['message.state.sent']).waitFor()
    const box = await bubble.boundingBox()
    const whole = await frameBox(frame)
    assert.ok(box.x - whole.x < whole.x + whole.width - (box.x + box.width), 'the visitor writes on the left in Arabic')
  })
})

test('on_a_phone_the_chat_fills_the_screen_and_closes_again', { skip }, async () => {
  await onHost({}, async (page, host) => {
    await visit(page, host.url)
    await clickLauncher(page)
    const frame = await chatFrame(page)
    const box = await frameBox(frame)
    assert.deepEqual([box.x, box.y, box.width, Math.round(box.height)], [0, 0, 390, 780])
    assert.equal(await frame.evaluate(() => document.documentElement.scrollWidth <= innerWidth), true)
    await frame.getByRole('button', { name: chat(frame).t['header.close'] }).click()
    assert.equal(await (await frame.frameElement()).isVisible(), false)
  }, { width: 390, height: 780, mobile: true })
})

test('the_keyboard_alone_opens_writes_and_closes', { skip }, async () => {
  await onHost({}, async (page, host) => {
    await visit(page, host.url)
    await page.keyboard.press('Tab')
    await page.keyboard.press('Enter')
    const frame = await chatFrame(page)
    await chat(frame).box.waitFor()
    await frame.waitForFunction(() => document.activeElement?.tagName === 'TEXTAREA')
    await page.keyboard.type('Only keys')
    await page.keyboard.press('Shift+Enter')
    await page.keyboard.type('two lines')
    await page.keyboard.press('Enter')
    await chat(frame).message('Only keys').getByText('Sent').waitFor()
    assert.deepEqual(await chat(frame).texts(), ['Only keys\ntwo lines'])
    await page.keyboard.press('Escape')
    await page.waitForFunction(() => document.activeElement?.tagName !== 'IFRAME')
    assert.equal(await (await frame.frameElement()).isVisible(), false)
  })
})

test('appearance_settings_reach_the_launcher_and_text_stays_readable_on_any_colour', { skip }, async () => {
  await settings(seva, { color: '#ffe95c', position: 'left', greeting: 'Welcome, stranger' })
  await onHost({}, async (page, host) => {
    await visit(page, host.url)
    await page.waitForFunction(() => !['HTML', 'BODY', 'H1', 'P'].includes(document.elementFromPoint(48, innerHeight - 48)?.tagName ?? 'HTML'))
    await clickLauncher(page, 'left')
    const frame = await chatFrame(page)
    await frame.getByText('Welcome, stranger').waitFor()
    assert.equal(await frame.evaluate(() => getComputedStyle(document.querySelector('.header')).color), 'rgb(0, 0, 0)')
  })
  await settings(seva, { color: '#1f6feb', position: 'right', greeting: '' })
})

test('only_allowed_origins_may_frame_the_chat', { skip }, async () => {
  await settings(seva, { allowed_origins: ['https://shop.example'] })
  await onHost({}, async (page, host) => {
    await visit(page, host.url)
    await page.evaluate(() => window.Seva.open())
    await until(() => page.problems.some((text) => /frame-ancestors/.test(text)), 'the browser refusing the frame')
  })
  await settings(seva, { allowed_origins: [] })
})

test('the_live_preview_shows_what_our_own_pages_send_and_nothing_from_others', { skip }, async () => {
  const show = async (page, isOurs) => {
    await page.evaluate(async ([src, isOurs]) => {
      const frame = document.createElement('iframe')
      frame.src = src
      frame.width = '400'
      frame.height = '600'
      // Our own pages hear that it is ready; elsewhere it loads as a refusal and says nothing.
      const isReady = new Promise((resolve) => addEventListener('message', (event) => event.data?.type === 'ready' && resolve()))
      const isLoaded = new Promise((resolve) => frame.addEventListener('load', resolve))
      document.body.append(frame)
      await (isOurs ? isReady : isLoaded)
      const config = { channel_name: 'Preview shop', settings: { color: '#00563f', greeting: 'A greeting to look at' }, languages: ['en'], agents: [], is_staffed: true }
      frame.contentWindow.postMessage({ seva: 1, type: 'preview', config }, '*')
    }, [`${seva.url}/widget/frame?preview=1&locale=en`, isOurs])
    return page.frames().find((frame) => frame.url().includes('preview=1'))
  }
  const own = await open(browser)
  await own.goto(`${seva.url}/widget/test?key=${seva.widget.public_key}`)
  const frame = await show(own, true)
  await frame.getByText('A greeting to look at').waitFor()
  assert.equal(await frame.evaluate(() => getComputedStyle(document.querySelector('.header')).backgroundColor), 'rgb(0, 86, 63)')
  assert.equal(await frame.evaluate(() => document.getElementById('app').inert), true)
  await own.context().close()
  await onHost({}, async (page, host) => {
    await visit(page, host.url)
    const foreign = await show(page, false)
    // Our policy lets nobody else frame it at all.
    assert.equal(foreign, undefined)
  })
})
