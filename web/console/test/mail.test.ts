// What of mails needs no page: addresses of links, values of styles, quotes in text, times of invitations, the shape of the answer.
import assert from 'node:assert/strict'
import { test } from 'node:test'
import { carriedFile, readCarried } from '../mail/carried_answer'
import { isSafeMedia, isSafeValue, safeSelector } from '../mail/css'
import { isMisleading, safeLink } from '../mail/links'
import { splitText } from '../mail/quote'
import { readMail, type Invitation } from '../mail/types'
import { whenOf } from '../mail/when'
import { makeTranslator } from '../../shared/messages'
import { loadMail, type MailMessages } from '../../shared/gen/mail'

test('only_web_mail_and_telephone_addresses_may_be_opened', () => {
  assert.deepEqual(safeLink(' https://shop.example/a?b=1#c '), { href: 'https://shop.example/a?b=1#c', shown: 'shop.example' })
  assert.deepEqual(safeLink('www.shop.example'), { href: 'https://www.shop.example/', shown: 'www.shop.example' })
  assert.deepEqual(safeLink('mailto:asha@example.net?subject=Hi'), { href: 'mailto:asha@example.net?subject=Hi', shown: 'asha@example.net' })
  assert.deepEqual(safeLink('tel:+880 1711-000000'), { href: 'tel:+8801711000000', shown: '+8801711000000' })
  const refused = ['javascript:alert(1)', 'java\tscript:alert(1)', '\u0001javascript:alert(1)', 'data:text/html,x', 'vbscript:x', 'blob:https://a.example/1', 'file:///etc/passwd', '/relative', '#here', '//host.example/x', '', 'cid:a@b', 'mailto:nobody', 'tel:', 'about:blank', 'https://' + 'a'.repeat(9000)]
  for (const one of refused) assert.equal(safeLink(one), null, one)
})
test('a_link_shows_the_host_that_the_browser_will_ask', () => {
  assert.equal(safeLink('https://bank.example@evil.example/')?.shown, 'evil.example')
  assert.equal(safeLink('https://bank.example@evil.example/')?.href, 'https://evil.example/')
  assert.equal(safeLink('https://аpple.example/')?.shown, 'xn--pple-43d.example')
  assert.equal(safeLink('https://shop.example:8443/')?.shown, 'shop.example:8443')
  assert.equal(safeLink('mailto:%E2%80%AEasha@example.net')?.shown, 'asha@example.net')
})
test('words_that_name_another_site_than_the_link_opens_are_misleading', () => {
  assert.equal(isMisleading('https://bank.example/login', 'https://evil.example/'), true)
  assert.equal(isMisleading('bank.example', 'https://bank.example.evil.example/'), true)
  for (const [words, href] of [['www.bank.example', 'https://bank.example/a'], ['bank.example/a', 'https://mail.bank.example/x'], ['Sign in', 'https://evil.example/'], ['bank.example', 'mailto:a@evil.example']] as const) assert.equal(isMisleading(words, href), false, words)
})

test('styles_keep_what_only_looks', () => {
  for (const [property, value] of [['color', 'rgb(1, 2, 3)'], ['font-family', '"Noto Sans Bengali", sans-serif'], ['width', 'calc(100% - 20px)'], ['display', 'table-cell'], ['margin-top', '-4px'], ['text-align', 'start'], ['border-top-color', 'rgba(0, 0, 0, 0.2)']] as const) assert.equal(isSafeValue(property, value), true, property)
})
test('styles_lose_what_fetches_covers_or_moves', () => {
  const refused = [
    ['background-image', 'url("https://evil.example/a")'], ['color', 'url(x)'], ['color', 'var(--x)'], ['width', 'attr(title)'], ['width', 'env(a, url(x))'], ['font-family', '"a\\75 rl(x)"'], ['color', 'element(#x)'], ['color', 'image-set("x" 1x)'],
    ['position', 'fixed'], ['z-index', '9'], ['transform', 'scale(2)'], ['animation-name', 'x'], ['content', '"x"'], ['cursor', 'url(x)'], ['filter', 'blur(2px)'], ['pointer-events', 'none'], ['--x', '1'], ['behavior', 'url(x)'],
    ['display', 'contents'], ['display', 'grid'], ['overflow-y', 'scroll'], ['height', '100vh'], ['height', 'calc(100dvh + 1px)'], ['min-height', '10vmin'], ['width', '99999px'], ['font-size', '1e9px'], ['color', ''], ['font-family', 'x'.repeat(301)], ['font-family', '"a;b"'], ['font-family', '"</style>"'],
  ] as const
  for (const [property, value] of refused) assert.equal(isSafeValue(property, value), false, `${property}: ${value}`)
})
test('selectors_and_media_that_look_beyond_the_mail_are_dropped', () => {
  assert.equal(safeSelector('body, .a > body p'), '[data-seva-body], .a > [data-seva-body] p')
  assert.equal(safeSelector('.body-text, tbody td'), '.body-text, tbody td')
  for (const one of ['[data-seva-src]', 'p:has(a)', 'p::before', ':host', 'a\\62', 'p{', 'p'.repeat(501)]) assert.equal(safeSelector(one), null, one)
  assert.equal(isSafeMedia('screen and (max-width: 600px)'), true)
  for (const one of ['(prefers-color-scheme: dark)', '(min-height: 1px)', 'screen;@import', 'x'.repeat(201)]) assert.equal(isSafeMedia(one), false, one)
})

test('a_quoted_end_is_parted_from_what_was_written', () => {
  assert.deepEqual(splitText('Thanks!\n\nOn Mon, 5 Jan 2026 at 10:00, Asha <asha@example.net>\nwrote:\n> Hello\n>\n> there\n'), { own: 'Thanks!', quoted: 'On Mon, 5 Jan 2026 at 10:00, Asha <asha@example.net>\nwrote:\n> Hello\n>\n> there' })
  assert.deepEqual(splitText('ধন্যবাদ\n\n২০২৬ সালের ৫ জানুয়ারি রহিমা লিখেছেন:\n> কথা'), { own: 'ধন্যবাদ', quoted: '২০২৬ সালের ৫ জানুয়ারি রহিমা লিখেছেন:\n> কথা' })
  assert.deepEqual(splitText('Yes.\n-----Original Message-----\nFrom: a'), { own: 'Yes.', quoted: '-----Original Message-----\nFrom: a' })
})
test('the_line_above_our_own_quotes_is_folded_with_them_in_every_language', async () => {
  for (const [locale, load] of Object.entries(loadMail)) {
    const say = makeTranslator<MailMessages>(locale, (await load()).messages)
    const date = new Intl.DateTimeFormat(locale, { dateStyle: 'medium', timeStyle: 'short' }).format(Date.parse('2026-03-02T09:00:00Z'))
    for (const line of [say('preview.wrote', { date, name: 'Asha' }), say('preview.wrote_undated', { name: 'রহিমা' })]) {
      assert.deepEqual(splitText(`Thanks.\n\n${line}\n> Hello\n`), { own: 'Thanks.', quoted: `${line}\n> Hello` }, locale)
    }
  }
})
test('without_a_quoted_end_a_text_stays_whole', () => {
  for (const text of ['Only this.', '> all of it\n> is quoted', '> a question\nan answer', '', 'a > b\n5 > 3 is true', '\n\n']) assert.deepEqual(splitText(text), { own: text, quoted: '' })
})
test('parting_a_text_takes_time_that_grows_with_its_length', () => {
  const took = (lines: number): number => {
    const text = 'x\n' + '> a\n'.repeat(lines) + '@2026 '.repeat(lines)
    // Of the processor, the best of three: other programs run beside this one.
    const tries = [1, 2, 3].map(() => {
      const begin = process.cpuUsage()
      for (let i = 0; i < 5; i++) splitText(text)
      return process.cpuUsage(begin).user / 1000
    })
    return Math.min(...tries)
  }
  took(10_000)
  assert.ok(took(80_000) < Math.max(200, took(20_000) * 12))
})

const meeting: Invitation = { method: 'request', summary: 'Visit', starts_at: '2026-03-02T09:00:00Z', ends_at: '2026-03-02T10:30:00Z', is_all_day: false, time_zone: 'Europe/Berlin', location: '', organizer: { name: '', address: '' }, attendees: 0, recurrence: '' }
test('a_meeting_is_told_in_the_readers_zone', () => {
  const dhaka = whenOf(meeting, 'en', 'Asia/Dhaka')
  assert.match(dhaka, /Monday, March 2, 2026/)
  assert.match(dhaka, /3:00.*4:30\s*PM/)
  assert.match(whenOf(meeting, 'en', 'UTC'), /9:00.*10:30/)
  assert.equal(whenOf({ ...meeting, starts_at: '' }, 'en'), '')
})
test('a_whole_day_is_that_day_in_every_zone_and_ends_the_day_before_its_end', () => {
  const day = { ...meeting, is_all_day: true, starts_at: '2026-03-02', ends_at: '2026-03-03' }
  assert.equal(whenOf(day, 'en'), 'Monday, March 2, 2026')
  assert.match(whenOf({ ...day, ends_at: '2026-03-05' }, 'en'), /March 2.*March 4/)
})

test('an_answer_of_any_shape_is_a_mail', () => {
  for (const value of [null, 7, 'x', [], {}, { to: 'x', cc: [1, null, { address: 5 }], auth: 7, inline: ['1'], calendar: 'x', guard: 'no', date: 'never' }]) {
    const mail = readMail(value)
    assert.deepEqual([mail.html, mail.to, mail.cc, mail.guard, mail.auth.verdict, mail.calendar, mail.images_allowed, mail.date], ['', [], [], 'open', 'none', null, false, ''])
  }
})
test('pictures_of_the_mail_are_attachments_by_number_and_nothing_else', () => {
  const mail = readMail({ inline: { '<Logo@X>': '12', 'a@b': '../session', c: 5, __proto__: '7' } })
  assert.deepEqual([...mail.inline], [['logo@x', '12']])
})
test('pictures_of_a_mail_inside_another_are_its_own_files_and_what_it_shows_is_not_listed', () => {
  const file = (number: number, type: string, content_id: string) => ({ part: number, name: 'f', type, size: 1, content_id, is_mail: false })
  const answer = {
    html: '<img src="cid:Logo@X"><img src="cid:b%40x">cid:page@x', inline: { 'evil@x': '1' }, images_allowed: true,
    files: [file(1, 'image/png', '<LOGO@x>'), file(2, 'image/png', 'b@x'), file(3, 'text/html', 'page@x'), file(4, 'image/png', ''), file(5, 'image/png', 'logo@x')],
  }
  const { mail, files } = readCarried(answer, '5', '2.3')
  assert.deepEqual([...mail.inline], [['logo@x', '5/mail/file?within=2.3&part=1'], ['b@x', '5/mail/file?within=2.3&part=2']])
  assert.deepEqual([files.map((one) => one.part), mail.images_allowed], [[2, 3, 4], false])
  assert.equal(carriedFile('5', '', 3), '5/mail/file?part=3')
})
