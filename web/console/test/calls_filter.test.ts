import assert from 'node:assert/strict'
import { test } from 'node:test'
import { filterOf, fits, searchOf } from '../calls/filter'

const NOTHING = { channel_id: '', direction: '', outcome: '', agent_id: '' }

test('what_is_chosen_stands_in_the_address_and_comes_back_from_it', () => {
  const filter = { channel_id: '12', direction: 'in', outcome: 'missed', agent_id: '34' }
  assert.equal(searchOf(filter), '?direction=in&outcome=missed&channel_id=12&agent_id=34')
  assert.deepEqual(filterOf(searchOf(filter)), filter)
})
test('nothing_chosen_leaves_the_address_clean', () => {
  assert.equal(searchOf(NOTHING), '')
  assert.deepEqual(filterOf(''), NOTHING)
})
test('what_no_filter_can_be_counts_as_nothing', () => {
  assert.deepEqual(filterOf('?direction=up&outcome=%3Cb%3E&channel_id=1%20OR%201&agent_id=0&page=9'), NOTHING)
  assert.deepEqual(filterOf('?direction=in&outcome='), { ...NOTHING, direction: 'in' })
})
test('a_call_fits_when_it_is_all_that_is_chosen', () => {
  const call = { channel_id: '12', direction: 'in', outcome: 'missed', agent_id: null }
  assert.equal(fits(call, NOTHING), true)
  assert.equal(fits(call, { ...NOTHING, outcome: 'missed', direction: 'in' }), true)
  assert.equal(fits(call, { ...NOTHING, agent_id: '34' }), false)
})
