import assert from 'node:assert/strict'
import { test } from 'node:test'
import { argumentsOf, checkArea, compileMessage, parseMessage, typesSource } from '../messages.mjs'
import { makeFormats } from '../../shared/messages'

const run = (text, args, locale = 'en') => {
  const made = new Function(`return (${compileMessage(text)})`)()
  return typeof made === 'function' ? made(args, makeFormats(locale)) : made
}

test('a_message_without_arguments_becomes_a_plain_string', () => {
  assert.equal(compileMessage("It''s <b>open</b>"), '"It\'s <b>open</b>"')
})

test('plural_picks_the_category_of_the_locale_and_exact_values_first', () => {
  const text = '{n, plural, =0 {none} one {# file} two {pair} few {# few} other {# files}}'
  assert.equal(run(text, { n: 0 }), 'none')
  assert.equal(run(text, { n: 1 }), '1 file')
  assert.equal(run(text, { n: 1234 }), '1,234 files')
  assert.equal(run(text, { n: 2 }, 'ar'), 'pair')
  assert.match(run(text, { n: 5 }, 'ar'), /few$/)
})

test('plural_offset_and_ordinals_follow_icu', () => {
  assert.equal(run('{n, plural, offset:1 =0 {nobody} =1 {you} one {you and # other} other {you and # others}}', { n: 3 }), 'you and 2 others')
  assert.equal(run('{n, selectordinal, one {#st} two {#nd} few {#rd} other {#th}}', { n: 22 }), '22nd')
})

test('select_number_and_date_take_named_arguments', () => {
  assert.equal(run('{kind, select, a {first} other {rest of {name}}}', { kind: 'x', name: 'Ann' }), 'rest of Ann')
  assert.equal(run('{ratio, number, percent}', { ratio: 0.25 }), '25%')
  assert.equal(run('{at, date, ::yyyyMMMd}', { at: new Date(Date.UTC(2026, 0, 5, 12)) }), 'Jan 5, 2026')
})

test('names_are_isolated_where_directions_mix', () => {
  assert.equal(run('{name} wrote', { name: 'Ann' }), 'Ann wrote')
  assert.equal(run('{name} wrote', { name: 'سارة' }), '\u2068سارة\u2069 wrote')
  assert.equal(run('كتب {name}', { name: 'Ann' }, 'ar'), 'كتب \u2068Ann\u2069')
})

test('a_missing_key_an_extra_key_and_another_argument_are_refused', () => {
  const problems = checkArea({
    en: { a: 'Hello {name}', b: '{n, plural, one {x} other {y}}', c: 'C' },
    bn: { a: 'Hello {nmae}', b: '{n, plural, one {x} other {y}}', d: 'D' },
  })
  assert.deepEqual(problems, ['bn: "c" is missing', 'bn: "a" has arguments nmae, en has name', 'bn: "d" is not in en'])
})

test('bad_syntax_and_empty_texts_are_refused', () => {
  const problems = checkArea({ en: { a: '{n, plural, one {x}}', b: '{open', c: ' ' } })
  assert.equal(problems.length, 3)
})

test('types_name_every_argument_and_null_where_there_is_none', () => {
  const source = typesSource('console', { en: { plain: 'Hi', full: '{n, plural, other {#}} {name} {at, date}' } })
  assert.match(source, /"plain": null/)
  assert.match(source, /"full": \{ "n": number; "name": string \| number; "at": Date \| number \}/)
  assert.deepEqual([...argumentsOf(parseMessage('{a} {b, number}'))], [['a', 'text'], ['b', 'number']])
})
