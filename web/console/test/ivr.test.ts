import assert from 'node:assert/strict'
import { test } from 'node:test'
import { faultsOf, placeOf, rangeOf, tagsOf, textIn, withMember, withText, type Json } from '../settings/network/ivr/model'

const ivr: Json = {
  languages: [{ tag: 'en', greeting: 'Hello' }, { tag: 'bn', extra: 1 }],
  time_zone: 'Asia/Dhaka', hours: { mon: ['09:00-13:00', '14:00-18:00'], fri: ['22:00-02:00'] }, holidays: ['2026-12-25', '12-16'],
  menus: {
    main: { prompt: { en: 'Press 1', bn: '১ চাপুন' }, entries: [{ digit: '1', action: 'menu', menu: 'more' }, { digit: 2, action: 'forward', to: 'sip:desk@pbx.example' }], otherwise: { action: 'voicemail' } },
    more: { entries: [{ digit: '*', action: 'repeat' }] },
  },
  missed_call: { channel_id: '1' }, colour: 'kept',
}

test('a_menu_as_it_is_described_has_no_fault', () => {
  assert.deepEqual(faultsOf(ivr), [])
  assert.deepEqual(tagsOf(ivr), ['en', 'bn'])
  assert.deepEqual(faultsOf({}), [])
})

test('each_fault_names_the_place_of_its_field', () => {
  const places = (next: Json): string[] => faultsOf(next).map((one) => one.place)
  assert.deepEqual(places({ ...ivr, time_zone: '', hours: { tue: ['9-5', '09:00-17:00'] } }), ['time_zone', 'hours.tue.0'])
  assert.deepEqual(places({ ...ivr, holidays: ['', '12-24'], languages: [{ tag: '' }] }), ['languages.0.tag', 'holidays.0'])
  assert.deepEqual(places({ menus: { more: { entries: [] } } }), ['menus'])
  assert.deepEqual(places({ menus: { main: { entries: [{ digit: '1', action: 'forward', to: '12' }, { digit: '1', action: 'dance' }, { digit: '#', action: 'continue_by_message' }, { digit: '3', action: 'menu', menu: 'none' }] } } }), ['menus.main.0.to', 'menus.main.1.digit', 'menus.main.1.action', 'menus.main.2.channel_id', 'menus.main.2.digit', 'menus.main.3.menu'])
  assert.deepEqual(places({ missed_call: {} }), ['missed_call.channel_id'])
})

test('the_words_of_the_server_find_their_field', () => {
  assert.equal(placeOf(ivr, 'Menu main, key 2: the action is unknown or lacks what it needs.'), 'menus.main.1.action')
  assert.equal(placeOf(ivr, 'Menu more needs a list of at most 12 entries.'), 'menus.more')
  assert.equal(placeOf({ hours: { mon: ['09:00-18:00', 'x'] } }, 'Hours of mon are written 09:00-18:00.'), 'hours.mon.1')
  assert.equal(placeOf(ivr, 'Hours need a time zone, like Asia/Dhaka.'), 'time_zone')
  assert.equal(placeOf(ivr, 'The menu that callers hear first is called main.'), 'menus')
  assert.equal(placeOf(ivr, 'Twilio says that this number takes no calls.'), '')
})

test('what_nobody_knows_here_is_kept_and_what_is_empty_is_left_out', () => {
  assert.equal(withMember(ivr, 'transcribe', true)['colour'], 'kept')
  assert.deepEqual(withMember({ a: 1, b: 2 }, 'a', ''), { b: 2 })
})

test('a_text_of_all_languages_becomes_one_of_each_when_one_differs', () => {
  assert.equal(withText('Hi', ['en'], 'en', 'Hello'), 'Hello')
  assert.deepEqual(withText('Hi', ['en', 'bn'], 'bn', 'নমস্কার'), { en: 'Hi', bn: 'নমস্কার' })
  assert.deepEqual(withText({ en: 'Hi', fr: 'Salut' }, ['en', 'bn'], 'en', ''), { fr: 'Salut' })
  assert.equal(withText({ en: 'Hi' }, ['en'], 'en', ''), undefined)
  assert.equal(textIn({ en: 'Hi' }, 'bn'), '')
})

test('hours_are_shown_as_clocks_where_a_clock_can_show_them', () => {
  assert.deepEqual(rangeOf('09:00 - 18:00'), { from: '09:00', until: '18:00' })
  assert.deepEqual(rangeOf('09:00-'), { from: '09:00', until: '' })
  assert.equal(rangeOf('09:00-24:00'), null)
  assert.equal(rangeOf('1-2-3'), null)
})
