import assert from 'node:assert/strict'
import { test } from 'node:test'
import { ChordReader, comboOf, isSingleKey } from '../lib/keys'

const press = (key: string, change: Partial<Record<'ctrlKey' | 'metaKey' | 'shiftKey' | 'altKey', boolean>> = {}) =>
  comboOf({ key, ctrlKey: false, metaKey: false, shiftKey: false, altKey: false, ...change })

test('letters_with_shift_and_signs_that_need_shift_are_told_apart', () => {
  assert.equal(press('e'), 'e')
  assert.equal(press('E', { shiftKey: true }), 'Shift+E')
  assert.equal(press('?', { shiftKey: true }), '?')
  assert.equal(press('Enter', { ctrlKey: true, shiftKey: true }), 'Mod+Shift+Enter')
  assert.equal(press('k', { metaKey: true }), 'Mod+K')
})
test('a_letter_under_caps_lock_is_the_same_command', () => assert.equal(press('R'), 'r'))
test('a_bare_modifier_is_no_key', () => assert.equal(press('Shift', { shiftKey: true }), null))
test('single_keys_are_those_that_write_text', () => {
  assert.equal(isSingleKey('e'), true)
  assert.equal(isSingleKey('Shift+E'), true)
  assert.equal(isSingleKey('Mod+K'), false)
  assert.equal(isSingleKey('Escape'), false)
})

const bindings = new Map([['g i', 'go.inbox'], ['i', 'assign'], ['e', 'resolve']])
test('a_chord_runs_on_its_second_key', () => {
  const reader = new ChordReader()
  assert.deepEqual(reader.press('g', bindings, 0), { kind: 'wait' })
  assert.deepEqual(reader.press('i', bindings, 500), { kind: 'run', id: 'go.inbox' })
})
test('a_chord_is_forgotten_after_a_while', () => {
  const reader = new ChordReader()
  reader.press('g', bindings, 0)
  assert.deepEqual(reader.press('i', bindings, 5000), { kind: 'run', id: 'assign' })
})
test('a_key_that_ends_no_chord_is_itself', () => {
  const reader = new ChordReader()
  reader.press('g', bindings, 0)
  assert.deepEqual(reader.press('e', bindings, 10), { kind: 'run', id: 'resolve' })
})
