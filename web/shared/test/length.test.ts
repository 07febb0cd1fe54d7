import assert from 'node:assert/strict'
import { existsSync, readFileSync } from 'node:fs'
import { test } from 'node:test'
import { lengthCounter, smsLength, type LengthUnit } from '../length'
import { BASES, FLAGS, JOINED, TAGS, VARIATIONS } from '../length_emoji'
import { TLDS } from '../length_tlds'
import { emojiEnd, xLength } from '../length_web'
import { urlsOf } from '../length_url'

const root = `${process.env.WEB_ROOT}/..`
interface Vectors {
  x: { text: string; length: number }[]
  mastodon: { text: string; length: number }[]
  sms: { text: string; encoding: string; units: number; segments: number }[]
  texts: ({ text: string } & Record<'graphemes' | 'code_points' | 'utf16' | 'bytes', number>)[]
}
/** The same file as the server's tests read. */
const vectors = JSON.parse(readFileSync(`${root}/tests/data/lengths.json`, 'utf8')) as Vectors

test('every_vector_of_x_has_its_weight', () => {
  for (const { text, length } of vectors.x) assert.equal(xLength(text), length, text)
})
test('every_vector_of_mastodon_has_its_length', async () => {
  const count = await lengthCounter('mastodon')
  for (const { text, length } of vectors.mastodon) assert.equal(count(text), length, text)
})
test('every_text_has_its_graphemes_points_units_and_bytes', async () => {
  for (const unit of ['graphemes', 'code_points', 'utf16', 'bytes'] as const satisfies LengthUnit[]) {
    const count = await lengthCounter(unit)
    for (const row of vectors.texts) assert.equal(count(row.text), row[unit], `${unit} of ${row.text}`)
  }
})
test('every_sms_has_its_alphabet_units_and_segments', async () => {
  const count = await lengthCounter('sms')
  for (const { text, ...want } of vectors.sms) {
    assert.deepEqual(smsLength(text), want, text)
    assert.equal(count(text), want.segments)
  }
})

const EMOJI_FILE = '/usr/share/unicode/emoji/emoji-test.txt' // Debian's unicode-data
test('every_emoji_sequence_of_unicode_weighs_two_on_x', { skip: !existsSync(EMOJI_FILE) && 'unicode-data is not installed' }, () => {
  let seen = 0
  for (const line of readFileSync(EMOJI_FILE, 'utf8').split('\n')) {
    const match = /^([0-9A-F ]+); (fully-qualified|minimally-qualified|unqualified)/.exec(line)
    if (!match) continue
    const emoji = String.fromCodePoint(...match[1]!.trim().split(' ').map((x) => parseInt(x, 16)))
    seen++
    assert.equal(xLength(`a${emoji}b`), emoji === '©' || emoji === '®' ? 3 : 4, match[1])
    if (Array.from(emoji).length > 1) assert.equal(emojiEnd(emoji, 0), emoji.length, match[1])
  }
  assert.ok(seen > 4000)
})

test('tables_are_printed_from_the_data_of_the_server', () => {
  const lines = (name: string) => readFileSync(`${root}/src/text/data/${name}`, 'utf8').split('\n').filter((x) => x !== '' && !x.startsWith('#'))
  assert.equal(TLDS, lines('tlds.txt').join(' '))
  const of = (kind: string) => lines('emoji.txt').filter((x) => x.startsWith(`${kind} `)).map((x) => x.slice(kind.length + 1))
  const points = (text: string) => String.fromCodePoint(...text.split(' ').map((x) => parseInt(x, 16)))
  assert.equal(BASES, points(of('base').join(' ')))
  assert.equal(VARIATIONS, points(of('variation').join(' ')))
  assert.equal(FLAGS, of('flag').join(' '))
  assert.equal(TAGS, of('tag').join(' '))
  assert.equal(JOINED, of('zwj').map(points).join(' '))
})

test('ranges_of_addresses_are_exact', () => {
  const text = 'a http://t.co/ab-c 見てexample.comで x.org/y, (z.net/(q))'
  assert.deepEqual(urlsOf(text, true).map(({ start, end }) => text.slice(start, end)), ['http://t.co/ab', 'example.com', 'x.org/y', 'z.net/(q)'])
})

test('no_text_makes_counting_slow', async () => {
  const units = await Promise.all((['x', 'mastodon', 'graphemes', 'sms'] as const).map(lengthCounter))
  const started = process.cpuUsage()
  for (const piece of ['a.', '日', '日.', '日_', 'http://', 'x.com/(', '@a@b', '日_a.com', '\u{1f468}\u200d', '\u0995\u09cd']) {
    for (const count of units) assert.ok(count(piece.repeat(65_536 / piece.length)) > 0)
  }
  assert.ok(process.cpuUsage(started).user < 10_000_000) // microseconds; a quadratic walk takes minutes
})
