import assert from 'node:assert/strict'
import { readFileSync } from 'node:fs'
import { test } from 'node:test'
import { splitLimits, splitText } from '../split'
import { linksOf } from '../links'
import type { LengthUnit } from '../length'

interface Vector { text: string; unit: LengthUnit; max: number; max_bytes?: number; is_numbered: boolean; parts: string[] | null }
/** The same file as the server's tests read. */
const { splits } = JSON.parse(readFileSync(process.env.SPLITS ?? `${process.env.WEB_ROOT}/../tests/data/splits.json`, 'utf8')) as { splits: Vector[] }

test('every_vector_has_the_parts_that_the_server_makes', async () => {
  for (const { text, unit, max, max_bytes, is_numbered, parts } of splits) {
    assert.deepEqual(splitText(text, await splitLimits(unit, max, max_bytes ?? null), is_numbered), parts, JSON.stringify({ text, unit, max, max_bytes, is_numbered }))
  }
})

test('addresses_are_found_whole_and_not_in_mentions_and_tags', () => {
  const text = 'see example.com/a. (https://en.wikipedia.org/wiki/C_(language)). https://bn.wikipedia.org/wiki/বাংলা?x=1, http://localhost:8080/x?y. @asha@bücher.example #help.com a@b.com v1.2'
  assert.deepEqual(linksOf(text).map(({ start, end }) => text.slice(start, end)), ['example.com/a', 'https://en.wikipedia.org/wiki/C_(language)', 'https://bn.wikipedia.org/wiki/বাংলা?x=1', 'http://localhost:8080/x?y'])
})

test('no_text_makes_splitting_slow', async () => {
  const started = process.cpuUsage()
  for (const [unit, max] of [['code_points', 4096], ['x', 280], ['graphemes', 300], ['sms', 10]] as const) {
    const limits = await splitLimits(unit, max, unit === 'graphemes' ? 3000 : null)
    for (const piece of ['a. ', '日', 'x.com/( ', '@a@b ', '\u{1f468}\u200d\u{1f469} ', '\u0995\u09cd']) splitText(piece.repeat(20_000 / piece.length), limits, true)
  }
  assert.ok(process.cpuUsage(started).user < 20_000_000) // microseconds; a quadratic walk takes minutes
})
