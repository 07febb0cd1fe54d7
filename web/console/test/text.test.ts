import assert from 'node:assert/strict'
import { webcrypto } from 'node:crypto'
import { test } from 'node:test'
import { SseParser } from '../lib/sse'
import { compareIds, uuid } from '../lib/ids'
import { initialsIn } from '../lib/initials'
import { linkParts } from '../conversation/link_parts'
import { replaceTrigger, triggerAt } from '../conversation/trigger'
import { snoozeTimes } from '../palette/snooze'
import { score } from '../palette/score'
import { qrCode } from '../settings/qr_code'

// Node 18 keeps the browser's crypto in a module.
if (!globalThis.crypto) Object.defineProperty(globalThis, 'crypto', { value: webcrypto })

test('only_web_and_mail_addresses_become_links', () => {
  const parts = linkParts('see https://a.example/x?y=1. or javascript:alert(1), mail me@b.example', [])
  assert.deepEqual(parts.filter((part) => part.kind === 'link').map((part) => part.kind === 'link' && part.href), ['https://a.example/x?y=1', 'mailto:me@b.example'])
})
test('a_closing_bracket_belongs_to_a_link_only_when_it_was_opened_there', () => {
  const hrefs = (text: string) => linkParts(text, []).flatMap((part) => (part.kind === 'link' ? [part.href] : []))
  assert.deepEqual(hrefs('(https://a.example/b)'), ['https://a.example/b'])
  assert.deepEqual(hrefs('https://a.example/b_(c)'), ['https://a.example/b_(c)'])
})
test('the_parts_of_a_text_make_the_whole_text_again', () => {
  const text = 'আসুন @Rahim Chowdhury দেখি https://a.example। ok'
  assert.equal(linkParts(text, ['Rahim Chowdhury', 'Rahim']).map((part) => part.text).join(''), text)
})
test('the_longest_name_is_the_one_mentioned', () => {
  assert.deepEqual(linkParts('@Rahim Chowdhury', ['Rahim', 'Rahim Chowdhury'])[0], { kind: 'mention', text: '@Rahim Chowdhury' })
})

test('an_at_sign_inside_a_mail_address_starts_no_mention', () => assert.equal(triggerAt('me@ex', 5), null))
test('a_time_of_day_starts_no_emoji', () => assert.equal(triggerAt('10:30', 5), null))
test('the_word_before_the_caret_is_the_query', () => assert.deepEqual(triggerAt('hi @rah', 7), { sign: '@', query: 'rah', start: 3 }))
test('a_picked_suggestion_takes_the_place_of_what_was_typed', () => {
  const trigger = triggerAt('hi @rah there', 7)
  assert.ok(trigger)
  assert.deepEqual(replaceTrigger('hi @rah there', 7, trigger, '@Rahim '), { text: 'hi @Rahim  there', caret: 10 })
})

test('events_come_whole_out_of_any_slices', () => {
  const text = 'retry: 2000\n\nid: 7\nevent: message.created\ndata: {"a":1}\n\n: alive\n\nid: 8\r\ndata: x\r\ndata: y\r\n\r\n'
  const whole = new SseParser().push(text)
  const parser = new SseParser()
  assert.deepEqual([...text].flatMap((char) => parser.push(char)), whole)
  assert.deepEqual(whole, [{ id: '7', event: 'message.created', data: '{"a":1}' }, { id: '8', event: 'message', data: 'x\ny' }])
})
test('ids_are_compared_as_numbers_of_any_length', () => {
  assert.ok(compareIds('9', '10') < 0)
  assert.ok(compareIds('3765152248479350784', '3765152248479350783') > 0)
  assert.ok(compareIds('local:x', '99999999999999999999') > 0)
})
test('a_client_id_is_a_version_4_uuid', () => assert.match(uuid(), /^[0-9a-f]{8}-[0-9a-f]{4}-4[0-9a-f]{3}-[89ab][0-9a-f]{3}-[0-9a-f]{12}$/))

test('every_snooze_time_lies_ahead_and_comes_once', () => {
  for (let day = 1; day <= 7; day++) {
    for (const hour of [0, 8, 12, 17, 23]) {
      const now = new Date(2026, 10, day, hour, 30)
      const times = snoozeTimes(now)
      assert.ok(times.every((one) => one.at > now))
      assert.equal(new Set(times.map((one) => one.at.getTime())).size, times.length)
    }
  }
})
test('words_that_begin_with_the_query_come_first', () => {
  assert.ok(score('Resolve', 'res') > score('Set as resolved', 'res'))
  assert.ok(score('Set as resolved', 'res') > score('Address', 'res'))
  assert.equal(score('Resolve', 'xyz'), 0)
})
test('a_code_has_the_size_of_its_version_and_its_three_finders', () => {
  const rows = qrCode('otpauth://totp/Seva:owner@example.org?secret=JBSWY3DPEHPK3PXPJBSWY3DPEHPK3PXP&issuer=Seva')
  assert.equal(rows.length, 37)
  for (const [x, y] of [[0, 0], [30, 0], [0, 30]] as const) {
    assert.deepEqual(rows[y]?.slice(x, x + 7), Array(7).fill(true))
    assert.equal(rows[y + 1]?.[x + 1], false)
    assert.equal(rows[y + 3]?.[x + 3], true)
  }
  assert.throws(() => qrCode('x'.repeat(400)), RangeError)
})

test('initials_are_two_letters_or_one_syllable_never_half_of_one', () => {
  assert.equal(initialsIn('Oscar van Pemberton', 'en'), 'OP')
  assert.equal(initialsIn('Maya', 'en'), 'M')
  assert.equal(initialsIn('সুব্রত ঘোষ', 'en'), 'সু')
  assert.equal(initialsIn('विक्रम श्रीवास्तव', 'en'), 'वि')
  assert.equal(initialsIn('鈴木 一郎', 'en'), '鈴')
  assert.equal(initialsIn('نورة القحطاني', 'en'), 'ن')
})
