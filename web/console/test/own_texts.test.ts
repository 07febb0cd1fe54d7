import assert from 'node:assert/strict'
import { test } from 'node:test'
import { textsOf } from '../settings/network/own_texts'
import { settingsOf } from '../settings/network/written'
import type { Network } from '../lib/network_types'

test('texts_by_language_are_read_as_stored_and_as_written', () => {
  const texts = [{ language: '', subject: '', text: 'Hi' }, { language: 'de', subject: 'A', text: 'Hallo' }]
  assert.deepEqual(textsOf(texts), texts)
  assert.deepEqual(textsOf(JSON.stringify(texts)), texts)
  assert.deepEqual(textsOf([{ text: 'Hi', language: 5, more: 1 }, 7, null]), [{ language: '', subject: '', text: 'Hi' }])
  for (const nothing of [undefined, null, '', '{', '{"a":1}', {}, 7]) assert.deepEqual(textsOf(nothing), [])
})

test('texts_go_to_the_server_as_a_list_and_as_nothing_when_they_are_taken_away', () => {
  const network = { settings: [{ name: 'acknowledgement', kind: 'texts' }] } as unknown as Network
  assert.deepEqual(settingsOf(network, {}), {})
  assert.deepEqual(settingsOf(network, { acknowledgement: '' }), { acknowledgement: null })
  assert.deepEqual(settingsOf(network, { acknowledgement: '[{"language":"","subject":"","text":"Hi"}]' }), { acknowledgement: [{ language: '', subject: '', text: 'Hi' }] })
})
