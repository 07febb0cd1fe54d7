import assert from 'node:assert/strict'
import { test } from 'node:test'
import type { Conversation, Message } from '../lib/types'
import { compareConversations, lastServerId, matchesFilter, mergeIds, newer, newerMessage, newestPageIds, placeInList, staleReplies } from '../state/reducers'

const NOW = Date.parse('2026-11-01T12:00:00.000Z')
function conversation(change: Partial<Conversation> = {}): Conversation {
  return {
    id: '10', number: 1, channel: { id: '1', kind: 'widget', name: 'Chat' }, contact: { id: '5', name: 'Maya', avatar_url: null, is_online: false },
    status: 'open', priority: 'none', assignee_id: null, team_id: null, tags: [], subject: null, preview: null, preview_kind: null, last_message_id: null,
    last_message_at: '2026-11-01T11:00:00.000Z', last_in_at: null, waiting_since: null, snoozed_until: null, outcome: null, unread_count: 0, is_public: false,
    language: null, created_at: '2026-11-01T10:00:00.000Z', updated_at: '2026-11-01T11:00:00.000Z', resolved_at: null, previous_id: null, version: 1, ...change,
  }
}
function message(change: Partial<Message> = {}): Message {
  return {
    id: '100', conversation_id: '10', kind: 'out', author: { kind: 'agent', id: '2', name: 'Rahim', photo_url: null }, text: 'x', attachments: [], state: 'sent', error: null,
    held_until: null, client_id: null, mentions: [], activity: null, sent_at: '2026-11-01T11:00:00.000Z', edited_at: null, reply_to_id: null, read_by_contact_at: null, ...change,
  }
}
const at = (minutes: number): string => new Date(NOW - minutes * 60_000).toISOString()

test('a_view_without_statuses_shows_open_conversations_only', () => {
  assert.equal(matchesFilter(conversation(), {}, '1', NOW), true)
  assert.equal(matchesFilter(conversation({ status: 'resolved' }), {}, '1', NOW), false)
})
test('a_snoozed_conversation_counts_as_open_when_its_time_has_come', () => {
  const snoozed = { status: 'snoozed' as const, snoozed_until: at(1) }
  assert.equal(matchesFilter(conversation(snoozed), {}, '1', NOW), true)
  assert.equal(matchesFilter(conversation({ ...snoozed, snoozed_until: at(-1) }), {}, '1', NOW), false)
})
test('mine_and_nobody_are_told_apart_from_other_agents', () => {
  assert.equal(matchesFilter(conversation({ assignee_id: '7' }), { assignee: 'me' }, '7', NOW), true)
  assert.equal(matchesFilter(conversation({ assignee_id: '8' }), { assignee: 'me' }, '7', NOW), false)
  assert.equal(matchesFilter(conversation(), { assignee: 'none' }, '7', NOW), true)
  assert.equal(matchesFilter(conversation({ assignee_id: '7' }), { assignee: 'none' }, '7', NOW), false)
})
test('one_tag_of_a_filter_is_enough_as_on_the_server', () => {
  assert.equal(matchesFilter(conversation({ tags: ['vip', 'bug'] }), { tag: ['vip'] }, '1', NOW), true)
  assert.equal(matchesFilter(conversation({ tags: ['vip'] }), { tag: ['vip', 'bug'] }, '1', NOW), true)
  assert.equal(matchesFilter(conversation({ tags: ['new'] }), { tag: ['vip', 'bug'] }, '1', NOW), false)
})
test('only_the_server_can_answer_a_search', () => {
  assert.equal(matchesFilter(conversation(), { q: 'parcel' }, '1', NOW), null)
  assert.equal(matchesFilter(conversation({ status: 'resolved' }), { q: 'parcel' }, '1', NOW), false)
})
test('due_order_is_the_time_of_waiting_less_the_head_start_of_the_priority_then_the_newest', () => {
  const hours = 60
  const list = [
    conversation({ id: '1', priority: 'urgent', waiting_since: at(1) }),
    conversation({ id: '2', priority: 'none', waiting_since: at(23 * hours) }),
    conversation({ id: '3', priority: 'high', waiting_since: at(hours) }),
    conversation({ id: '4', priority: 'medium', waiting_since: at(2 * hours) }),
    conversation({ id: '5', priority: 'low', waiting_since: at(5 * hours) }),
    conversation({ id: '6', priority: 'none', waiting_since: at(30) }),
    conversation({ id: '7', priority: 'urgent', last_message_at: at(90) }),
    conversation({ id: '8', last_message_at: at(10) }),
  ]
  const order = [...list].reverse().sort((a, b) => compareConversations(a, b, 'due')).map((one) => one.id)
  assert.deepEqual(order, ['1', '2', '3', '4', '5', '6', '8', '7'])
})
test('what_began_to_wait_at_the_same_moment_stands_by_id_as_on_the_server', () => {
  const list = ['12', '11', '13'].map((id) => conversation({ id, waiting_since: at(5) }))
  for (const sort of ['due', 'waiting'] as const) assert.deepEqual([...list].sort((a, b) => compareConversations(a, b, sort)).map((one) => one.id), ['11', '12', '13'])
})

const shelf = (list: Conversation[]) => (id: string) => list.find((one) => one.id === id)
test('a_new_conversation_goes_where_the_order_says', () => {
  const list = [conversation({ id: '1', last_message_at: at(1) }), conversation({ id: '2', last_message_at: at(10) })]
  const next = conversation({ id: '3', last_message_at: at(5) })
  assert.deepEqual(placeInList(['1', '2'], next, true, shelf(list), 'newest', false, null), ['1', '3', '2'])
})
test('what_sorts_behind_the_last_loaded_row_is_left_to_the_next_page', () => {
  const list = [conversation({ id: '1', last_message_at: at(1) })]
  const late = conversation({ id: '9', last_message_at: at(500) })
  assert.deepEqual(placeInList(['1'], late, true, shelf(list), 'newest', true, null), ['1'])
  assert.deepEqual(placeInList(['1'], late, true, shelf(list), 'newest', false, null), ['1', '9'])
})
test('the_conversation_being_read_stays_although_it_left_the_view', () => {
  const gone = conversation({ id: '1', status: 'resolved' })
  assert.deepEqual(placeInList(['1', '2'], gone, false, () => undefined, 'newest', false, '1'), ['1', '2'])
  assert.deepEqual(placeInList(['1', '2'], gone, false, () => undefined, 'newest', false, null), ['2'])
})
test('a_change_that_moves_nothing_keeps_the_same_list_object', () => {
  const list = [conversation({ id: '1', last_message_at: at(1) }), conversation({ id: '2', last_message_at: at(9) })]
  const ids = ['1', '2']
  assert.equal(placeInList(ids, list[0] as Conversation, true, shelf(list), 'newest', false, null), ids)
})

test('a_timeline_holds_each_message_once_in_order_with_local_ones_last', () => {
  assert.deepEqual(mergeIds(['9', '100'], ['100', '10']), ['9', '10', '100'])
  assert.deepEqual(mergeIds(['9', 'local:a'], ['10']), ['9', '10', 'local:a'])
  assert.deepEqual(mergeIds(['9', 'local:a'], ['local:b']), ['9', 'local:a', 'local:b'])
})
test('a_message_told_while_the_page_was_on_its_way_stays_and_what_lies_before_the_page_goes', () => {
  assert.deepEqual(newestPageIds(['7', '12', 'local:a'], ['9', '10']), ['9', '10', '12', 'local:a'])
  assert.deepEqual(newestPageIds(['12'], []), ['12'])
})
test('what_a_reply_claims_to_have_seen_is_never_a_local_message', () => {
  assert.equal(lastServerId(['9', '12', 'local:a']), '12')
  assert.equal(lastServerId(['local:a']), null)
})
test('replies_of_colleagues_after_the_draft_began_are_stale_own_ones_and_notes_are_not', () => {
  const all = [message({ id: '98' }), message({ id: '101' }), message({ id: '102', author: { kind: 'agent', id: '1', name: 'me', photo_url: null } }), message({ id: '103', kind: 'note' }), message({ id: '104', state: 'cancelled' })]
  assert.deepEqual(staleReplies(all, '99', '1').map((one) => one.id), ['101'])
  assert.deepEqual(staleReplies(all, null, '1'), [])
})
test('a_slow_answer_never_takes_a_message_back_to_an_earlier_state', () => {
  assert.equal(newerMessage(message({ state: 'sent' }), message({ state: 'held' })).state, 'sent')
  assert.equal(newerMessage(message({ state: 'held' }), message({ state: 'sent' })).state, 'sent')
  assert.equal(newerMessage(message({ state: 'failed' }), message({ state: 'queued' })).state, 'queued')
})
test('an_older_version_of_a_conversation_or_call_is_ignored', () => {
  const old = conversation({ version: 4 })
  assert.equal(newer(old, conversation({ version: 3 })), old)
  assert.equal(newer(old, conversation({ version: 5 })).version, 5)
})
