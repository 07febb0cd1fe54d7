import { asked, question, settled } from './page'
import assert from 'node:assert/strict'
import { test } from 'node:test'
import { LiveStream, type StreamState } from '../lib/sse'

test('a_stream_that_is_begun_anew_at_once_is_one_stream_and_hears_nothing_of_the_old_one', async () => {
  const states: StreamState[] = []
  const events: string[] = []
  const stream = new LiveStream('/api/v1/stream', { onEvent: (event) => void events.push(event.type), onState: (state) => void states.push(state) })
  stream.start()
  stream.stop()
  stream.start()
  assert.deepEqual(asked(), ['GET /stream', 'GET /stream'])
  await question('GET /stream').refuse(401)
  await settled()
  assert.deepEqual([asked(), states], [['GET /stream'], ['connecting', 'connecting']], 'the refusal was for who has left')
  await question('GET /stream').answer({})
  assert.equal(states[2], 'live')
  stream.stop()
  await settled()
  assert.deepEqual([asked(), events], [[], []])
})
