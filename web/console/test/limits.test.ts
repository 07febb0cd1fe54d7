import assert from 'node:assert/strict'
import { test } from 'node:test'
import { fileVerdict, measured, stretches, typeName, windowNow } from '../conversation/limits'
import { settingsOf } from '../settings/network/written'
import { filled, variablesOf } from '../conversation/template_text'
import { codePoints, utf8Bytes } from '../../shared/length'
import { splitText } from '../../shared/split'
import type { Network, NetworkRules, ReplyWays } from '../lib/network_types'

const rules = (more: Partial<NetworkRules> = {}): NetworkRules => ({
  unit: 'code_points', max_length: 100, length_setting: null, max_bytes: null, max_length_with_file: 0, files_per_piece: 1, media: [{ types: ['image/jpeg', 'image/png'], max_bytes: 5_000_000 }, { types: ['video/'], max_bytes: 16_000_000 }],
  reply_window_s: null, late_window_s: null, needs_template_after: false, may_number: false, may_split: true, ...more,
})

test('a_file_is_refused_by_type_and_by_size_before_it_is_uploaded', () => {
  assert.deepEqual(fileVerdict(rules(), { type: 'image/png', size: 10 }), { kind: 'fits' })
  assert.deepEqual(fileVerdict(rules(), { type: 'IMAGE/PNG; charset=x', size: 10 }), { kind: 'fits' })
  assert.deepEqual(fileVerdict(rules(), { type: 'image/png', size: 5_000_001 }), { kind: 'size', max: 5_000_000 })
  assert.deepEqual(fileVerdict(rules(), { type: 'video/mp4', size: 6_000_000 }), { kind: 'fits' })
  assert.deepEqual(fileVerdict(rules(), { type: 'application/pdf', size: 10 }), { kind: 'type', types: ['image/jpeg', 'image/png', 'video/'] })
  assert.deepEqual(fileVerdict(rules({ files_per_piece: 0 }), { type: 'image/png', size: 10 }), { kind: 'none' })
  assert.deepEqual(fileVerdict(rules({ media: [{ types: ['*'], max_bytes: 20 }] }), { type: 'application/pdf', size: 10 }), { kind: 'fits' })
})

test('a_file_whose_type_is_not_known_is_left_to_the_server', () => {
  assert.deepEqual(fileVerdict(rules(), { type: '', size: 10 }), { kind: 'fits' })
})

test('types_are_named_as_people_write_them', () => {
  assert.deepEqual(['image/jpeg', 'video/', 'image/svg+xml', 'audio/x-wav'].map(typeName), ['JPEG', 'video', 'SVG', 'WAV'])
})

test('a_text_that_fits_is_one_message_and_a_longer_one_is_as_many_as_the_server_makes', () => {
  const one = (text: string, more: Partial<NetworkRules> = {}): unknown => {
    const { length, over, parts } = measured(text, codePoints, utf8Bytes, rules({ max_length: 10, ...more }), splitText)
    return [length, over, parts]
  }
  assert.deepEqual(one('short'), [5, 0, 1])
  assert.deepEqual(one(' ten of all \n'), [10, 0, 1], 'as it is sent')
  assert.deepEqual(one('One. Two. four five'), [19, 9, 2])
  assert.deepEqual(one('Five. four three x'), [18, 8, 3], 'after a sentence rather than late')
  assert.deepEqual(one('aaaa bbbb cccc', { may_number: true }), [14, 4, 3])
  assert.deepEqual(one('日本語日本', { max_bytes: 10 }), [5, 5, 2])
  assert.deepEqual(one('日本語日本', { max_bytes: 10, may_split: false }), [5, 5, 0])
  assert.deepEqual(one('see https://example.com/a/b'), [27, 17, 0], 'an address is not cut')
})

test('how_many_messages_a_text_becomes_is_not_said_before_it_is_known', () => {
  assert.equal(measured('more than ten', codePoints, utf8Bytes, rules({ max_length: 10 }), null).parts, null)
})

const ways = (more: Partial<ReplyWays>): ReplyWays => ({ public: false, private: true, default_visibility: 'private', window: 'open', window_until: null, late_until: null, ...more })
const at = (time: string): number => Date.parse(time)

test('a_window_closes_by_the_clock', () => {
  const open = ways({ window_until: '2026-01-01T10:00:00Z', late_until: '2026-01-07T10:00:00Z' })
  assert.equal(windowNow(open, false, at('2026-01-01T09:59:59Z')), 'open')
  assert.equal(windowNow(open, false, at('2026-01-01T10:00:00Z')), 'late')
  assert.equal(windowNow(open, false, at('2026-01-07T10:00:00Z')), 'closed')
  assert.equal(windowNow({ ...open, late_until: null }, true, at('2026-01-01T10:00:00Z')), 'template')
  assert.equal(windowNow(ways({}), false, at('2030-01-01T00:00:00Z')), 'open')
  assert.equal(windowNow(ways({ window: 'closed' }), true, at('2026-01-01T00:00:00Z')), 'closed')
})

test('findings_are_cut_out_of_the_text_and_bad_ones_passed_over', () => {
  const text = '🙂 call +1 555 123 4567'
  assert.deepEqual(stretches(text, [{ from: 8, to: 23 }]), [{ text: '🙂 call ', isFound: false }, { text: '+1 555 123 4567', isFound: true }])
  assert.deepEqual(stretches('abc', [{ from: 0, to: 2 }, { from: 1, to: 3 }, { from: 2, to: 99 }]), [{ text: 'ab', isFound: true }, { text: 'c', isFound: false }])
  assert.deepEqual(stretches('abc', []), [{ text: 'abc', isFound: false }])
})

test('only_what_was_touched_of_a_form_is_sent', () => {
  const setting = (name: string, kind: Network['settings'][number]['kind']): Network['settings'][number] => ({ name, kind, is_required: false, help: '', standard: null, choices: [] })
  const network = { settings: [setting('token', 'secret'), setting('days', 'number'), setting('events', 'list'), setting('name', 'text'), setting('menu', 'json')] } as unknown as Network
  assert.deepEqual(settingsOf(network, { token: null, days: '14', events: 'a, b' }), { token: null, days: 14, events: ['a', 'b'] })
  assert.deepEqual(settingsOf(network, { name: '  ' }), { name: null })
  assert.deepEqual(settingsOf(network, { menu: '{"1": "x"}' }), { menu: { 1: 'x' } })
  assert.deepEqual(settingsOf(network, { menu: '{' }), { menu: '{' }, 'the server says what is wrong with it')
  assert.deepEqual(settingsOf(network, {}), {})
})

test('the_variables_of_a_template_are_found_once_and_filled_in_the_preview', () => {
  const template = { header: 'Hi {{name}}', body: 'Order {{1}} for {{ name }}' }
  assert.deepEqual(variablesOf(template), ['name', '1'])
  assert.equal(filled(template.body, { name: 'Asha', '1': '' }), 'Order {{1}} for Asha')
})
