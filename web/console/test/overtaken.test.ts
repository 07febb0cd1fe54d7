// Answers that come late: none may take back what an event or the agent has changed since it was asked for.
import { answerRest, asked, question, settled, withTimers } from './page'
import assert from 'node:assert/strict'
import { afterEach, beforeEach, test } from 'node:test'
import type { Channel, Contact, Conversation, LiveEvent, Message, Session } from '../lib/types'
import { saveContact } from '../contact/save'
import { changeConversations, changeTags, markRead } from '../state/changes'
import { changeDraft, clearDraft, draftOf } from '../state/drafts'
import { counts } from '../state/store'
import { isListLoaded, listError, listIds, listNext, loadCounts, loadList, loadMore } from '../state/lists'
import { applyEvent, reloadAll } from '../state/live'
import { refreshChannels, refreshNotifications } from '../state/reference'
import { changeMe } from '../state/session'
import { cancelSend, outbox, sendDraft } from '../state/sending'
import { channels, contacts, conversations, forgetEverything, me, messages, notifications, presenceOf, session, timelineOf, waysOf } from '../state/store'
import { noticesRead } from '../state/tabs'
import { loadOlder, openConversation } from '../state/timeline'
import { undoLast } from '../state/undo'

const TIME = '2026-11-01T11:00:00.000Z'
const conversation = (id: string, change: Partial<Conversation> = {}): Conversation => ({
  id, number: 1, channel: { id: '1', kind: 'api', name: 'API' }, contact: { id: '5', name: 'Maya', avatar_url: null, is_online: false }, status: 'open', priority: 'none', assignee_id: null,
  team_id: null, tags: [], subject: null, preview: '', preview_kind: 'in', last_message_id: null, last_message_at: TIME, last_in_at: null, waiting_since: null, snoozed_until: null, outcome: null,
  unread_count: 0, draft: false, is_public: false, language: null, created_at: TIME, updated_at: TIME, resolved_at: null, previous_id: null, version: 1, ...change,
})
const contact = (change: Partial<Contact> = {}): Contact => ({
  id: '5', name: 'Maya', avatar_url: null, is_online: false, email: null, phone: null, language: null, time_zone: null, location: null, company: null, note: null, custom: {}, identities: [],
  is_blocked: false, created_at: TIME, last_seen_at: null, updated_at: TIME, ...change,
})
const full = (id: string, change: Partial<Conversation> = {}) => ({
  ...conversation(id, change), contact: contact(), participants: [], viewers: [{ agent_id: '7', name: 'Rahim' }], post: null, reply: { public: true, private: true, default_visibility: 'private' },
})
const message = (id: string, change: Partial<Message> = {}): Message => ({
  id, conversation_id: '1', kind: 'out', author: { kind: 'agent', id: '9', name: 'Ada', photo_url: null }, text: id, attachments: [], state: 'sent', error: null, held_until: null, client_id: null,
  mentions: [], activity: null, visibility: 'private', is_automatic: false, sent_at: TIME, received_at: null, edited_at: null, reply_to_id: null, read_by_contact_at: null, deleted_at: null, parts: [], reactions: [], ...change,
})
const channel = (id: string, name: string): Channel => ({ id, name, kind: 'api', is_enabled: true }) as Channel
const tell = (type: string, data: Record<string, unknown>, subject: LiveEvent['subject'] = null): void => applyEvent({ type, data, subject })
const page = <T>(items: T[], next: string | null = null) => ({ items, next })

beforeEach(async () => {
  forgetEverything()
  session.value = { agent: { id: '9', name: 'Ada', settings: {} }, account: { id: '3' }, capabilities: ['conversation.read'], csrf: '', session_id: '1' } as unknown as Session
})
afterEach(async () => {
  await answerRest()
  outbox.clear()
})

test('an_event_about_a_channel_stands_over_the_list_that_was_asked_for_before', async () => {
  refreshChannels()
  tell('channel.updated', { channel: channel('1', 'renamed') })
  tell('channel.updated', { channel: null }, { type: 'channel', id: '2' })
  await question('GET /channels').answer([channel('1', 'before'), channel('2', 'gone')])
  assert.deepEqual(channels.value.map((one) => one.name), ['renamed'])
})
test('a_channel_that_was_removed_leaves_no_row_behind', () => {
  tell('channel.updated', { channel: channel('2', 'here') })
  tell('channel.updated', { channel: null }, { type: 'channel', id: '2' })
  assert.deepEqual(channels.value, [])
})
test('a_notification_that_comes_while_they_are_loaded_is_kept_and_what_was_read_stays_read', async () => {
  tell('notification.created', { notification: { id: '1', type: 'reply', read_at: null } })
  refreshNotifications()
  noticesRead(['1'], TIME)
  tell('notification.created', { notification: { id: '2', type: 'reply', read_at: null } })
  await question('GET /notifications').answer(page([{ id: '1', type: 'reply', read_at: null }]))
  assert.deepEqual(notifications.value.map((one) => [one.id, one.read_at]), [['2', null], ['1', TIME]])
})
test('after_a_gap_in_the_stream_channels_and_notifications_are_asked_for_too', () => {
  reloadAll()
  for (const path of ['agents', 'teams', 'tags', 'views', 'channels', 'notifications']) assert.ok(asked().some((one) => one.startsWith('GET /' + path)), path)
})
test('counts_that_were_asked_for_earlier_do_not_come_over_later_ones', async () => {
  void loadCounts()
  void loadCounts()
  const first = question('GET /views/counts')
  await question('GET /views/counts').answer({ views: { mine: { total: 2, unread: 2 } } })
  await first.answer({ views: { mine: { total: 1, unread: 1 } } })
  assert.equal(counts.value['mine']?.total, 2)
})

test('what_left_the_list_while_its_next_page_was_on_its_way_is_not_added_by_it', async () => {
  void loadList()
  await question('GET /conversations').answer(page([conversation('1')], 'more'))
  void loadMore()
  tell('conversation.updated', { conversation: conversation('2', { status: 'resolved', version: 2 }) })
  await question('GET /conversations').answer(page([conversation('2'), conversation('3')]))
  assert.deepEqual([listIds.value, listNext.value], [['1', '3'], null])
})
test('a_first_load_that_was_overtaken_by_a_quiet_one_that_failed_says_so', async () => {
  void loadList()
  void loadList(true)
  const first = question('GET /conversations')
  await question('GET /conversations').lose()
  await first.answer(page([]))
  assert.deepEqual([isListLoaded.value, listError.value !== null], [false, true])
})

test('what_was_read_meanwhile_is_not_unread_again_when_the_list_comes', async () => {
  conversations.set(conversation('1', { unread_count: 2 }))
  void loadList()
  void markRead('1', '50')
  await question('POST /conversations/1/read').answer(undefined)
  await question('GET /conversations').answer(page([conversation('1', { unread_count: 2 })]))
  assert.equal(conversations.peek('1')?.unread_count, 0)
  void loadList(true)
  await question('GET /conversations').answer(page([conversation('1', { unread_count: 3 })]))
  assert.equal(conversations.peek('1')?.unread_count, 3, 'what is asked later counts')
})
test('a_list_asked_for_while_the_mark_was_on_its_way_does_not_take_it_back', async () => {
  conversations.set(conversation('1', { unread_count: 2 }))
  void markRead('1', '50')
  void loadList()
  await question('POST /conversations/1/read').answer(undefined)
  await question('GET /conversations').answer(page([conversation('1', { unread_count: 2 })]))
  assert.equal(conversations.peek('1')?.unread_count, 0)
})
test('a_change_stands_while_events_and_lists_tell_of_the_conversation_before_it', async () => {
  conversations.set(conversation('1'))
  void changeConversations(['1'], { status: 'resolved' })
  tell('conversation.updated', { conversation: conversation('1', { tags: ['vip'], version: 2 }) })
  assert.equal(conversations.peek('1')?.status, 'resolved')
  assert.deepEqual(conversations.peek('1')?.tags, ['vip'])
  await question('PATCH /conversations/1').answer(conversation('1', { status: 'resolved', tags: ['vip'], version: 3 }))
  assert.equal(conversations.peek('1')?.version, 3)
})
test('a_refused_change_takes_back_itself_and_nothing_that_came_since', async () => {
  conversations.set(conversation('1'))
  void changeConversations(['1'], { status: 'resolved' })
  tell('conversation.updated', { conversation: conversation('1', { priority: 'high', preview: 'new words', version: 2 }) })
  await question('PATCH /conversations/1').refuse(409, 'conflict')
  const now = conversations.peek('1')
  assert.deepEqual([now?.status, now?.priority, now?.preview, now?.version], ['open', 'high', 'new words', 2])
})
test('a_change_and_its_undo_reach_the_server_in_their_order', async () => {
  conversations.set(conversation('1'))
  void changeConversations(['1'], { status: 'resolved' })
  void undoLast()
  assert.deepEqual(asked(), ['PATCH /conversations/1'])
  await question('PATCH /conversations/1').answer(conversation('1', { status: 'resolved', version: 2 }))
  assert.equal(conversations.peek('1')?.status, 'open', 'the undo is shown already')
  const undo = question('PATCH /conversations/1')
  assert.deepEqual(undo.body, { status: 'open' })
  await undo.answer(conversation('1', { version: 3 }))
  assert.equal(conversations.peek('1')?.status, 'open')
})
test('tags_put_on_one_after_the_other_all_stay', async () => {
  conversations.set(conversation('1'))
  void changeTags(['1'], { add_tags: ['a'] })
  void changeTags(['1'], { add_tags: ['b'] })
  await question('PUT /conversations/1/tags').answer(conversation('1', { tags: ['a'], version: 2 }))
  assert.deepEqual(conversations.peek('1')?.tags, ['a', 'b'])
  assert.deepEqual(question('PUT /conversations/1/tags').body, { tags: ['a', 'b'] })
})

test('a_page_of_messages_takes_no_event_back_that_came_after_its_question', async () => {
  void openConversation('1')
  tell('message.updated', { message: message('50', { state: 'failed', text: 'edited' }) })
  const presence = { conversation_id: '1', agents: [], contact: {} }
  tell('presence.changed', presence)
  await question('GET /conversations/1/messages').answer(page([message('49'), message('50', { state: 'queued' })]))
  await question('GET /conversations/1').answer(full('1'))
  assert.deepEqual([messages.peek('50')?.state, messages.peek('50')?.text], ['failed', 'edited'])
  assert.deepEqual(timelineOf('1').ids.value, ['49', '50'])
  assert.deepEqual(presenceOf('1').value.agents, [], 'who left meanwhile is not there')
})
test('a_conversation_that_changed_while_it_was_opened_still_says_how_it_is_answered', async () => {
  void openConversation('1')
  tell('conversation.updated', { conversation: conversation('1', { version: 2 }) })
  await question('GET /conversations/1/messages').answer(page([]))
  await question('GET /conversations/1').answer(full('1'))
  assert.equal(waysOf('1').value.reply?.private, true)
  assert.equal(conversations.peek('1')?.version, 2)
  void openConversation('1')
  tell('conversation.updated', { conversation: conversation('1', { version: 4 }) })
  await question('GET /conversations/1').answer({ ...full('1', { version: 3 }), reply: { public: false, private: false, default_visibility: 'private' } })
  assert.equal(waysOf('1').value.reply?.private, true, 'what is older than an event takes nothing back')
})
test('what_the_stream_lost_while_a_conversation_was_opened_is_asked_for_again', async () => {
  void openConversation('1')
  tell('hello', { resumed: false })
  await question('GET /conversations/1/messages').answer(page([message('49')]))
  await question('GET /conversations/1').answer(full('1'))
  assert.equal(timelineOf('1').isLoaded.value, false)
  await question('GET /conversations/1/messages').answer(page([message('49'), message('50')]))
  await question('GET /conversations/1').answer(full('1'))
  assert.deepEqual([timelineOf('1').isLoaded.value, timelineOf('1').ids.value], [true, ['49', '50']])
})
test('a_gap_is_closed_also_while_older_messages_are_loaded', async () => {
  void openConversation('1')
  await question('GET /conversations/1/messages').answer(page([message('49')], 'older'))
  await question('GET /conversations/1').answer(full('1'))
  void loadOlder('1')
  tell('reset', {})
  void openConversation('1')
  await question('GET /conversations/1/messages?limit=50&cursor').answer(page([message('30')]))
  await question('GET /conversations/1/messages').answer(page([message('60')]))
  await question('GET /conversations/1').answer(full('1'))
  assert.deepEqual(timelineOf('1').ids.value, ['60'], 'nothing may stand above a gap')
})

test('a_contact_asked_for_before_it_changed_does_not_come_over_the_change', async () => {
  contacts.set(contact({ name: 'Maya' }))
  tell('contact.updated', { contact: contact({ name: 'Maya R.', updated_at: '2026-11-01T12:00:00.000Z' }) })
  void openConversation('1')
  await question('GET /conversations/1/messages').answer(page([]))
  await question('GET /conversations/1').answer(full('1'))
  assert.equal(contacts.peek('5')?.name, 'Maya R.')
})
test('two_fields_of_a_contact_saved_one_after_the_other_both_stay', async () => {
  contacts.set(contact())
  const saves = [saveContact(contact(), { name: 'Maya R.' }), saveContact(contact(), { email: 'm@example.org' })]
  await question('PATCH /contacts/5').answer(contact({ name: 'Maya R.', updated_at: '2026-11-01T12:00:00.000Z' }))
  assert.deepEqual([contacts.peek('5')?.name, contacts.peek('5')?.email], ['Maya R.', 'm@example.org'])
  const refused = assert.rejects(saves[1] as Promise<void>)
  await question('PATCH /contacts/5').refuse(422)
  await refused
  assert.deepEqual([contacts.peek('5')?.name, contacts.peek('5')?.email], ['Maya R.', null])
})
test('settings_changed_quickly_are_all_kept_and_sent_in_their_order', async () => {
  void changeMe({ settings: { theme: 'dark' } })
  void changeMe({ settings: { theme: 'dark', density: 'compact' } })
  await question('PATCH /me').answer({ id: '9', name: 'Ada', settings: { theme: 'dark' } })
  assert.deepEqual(me.value?.settings, { theme: 'dark', density: 'compact' })
  const second = question('PATCH /me')
  assert.deepEqual(second.body, { settings: { theme: 'dark', density: 'compact' } })
  await second.answer({ id: '9', name: 'Ada', settings: { theme: 'dark', density: 'compact' } })
  assert.deepEqual(me.value?.settings, { theme: 'dark', density: 'compact' })
})

test('hearing_late_of_ones_own_saved_draft_changes_nothing', () => withTimers(async (pass) => {
  changeDraft('1', { reply: 'Hello' })
  pass()
  const save = question('PUT /conversations/1/draft')
  const { updated_at } = save.body as { updated_at: string }
  assert.equal(Date.parse(updated_at), draftOf('1').value.updatedAt, 'the time is ours')
  clearDraft('1', 'reply')
  pass()
  tell('draft.updated', { draft: { conversation_id: '1', kind: 'reply', text: 'Hello', updated_at } })
  assert.equal(draftOf('1').value.reply, '', 'what was sent does not come back')
  assert.deepEqual(asked(), [], 'taking it away waits for the save')
  await save.answer({})
  assert.deepEqual(asked(), ['DELETE /conversations/1/draft'])
}))
test('a_reply_taken_back_on_its_way_is_cancelled_when_the_server_has_it', async () => {
  timelineOf('1').isLoaded.value = true
  changeDraft('1', { reply: 'Too early' })
  const id = sendDraft('1', 'reply') as string
  await settled()
  await cancelSend('1', id)
  assert.ok(!asked().some((one) => one.startsWith('DELETE /messages')), 'it has no number yet')
  await question('POST /conversations/1/messages').answer(message('50', { client_id: id, state: 'held', text: 'Too early' }))
  await settled()
  await question('DELETE /messages/50').answer(message('50', { client_id: id, state: 'cancelled', text: 'Too early' }))
  assert.equal(messages.peek('50')?.state, 'cancelled')
  assert.equal(draftOf('1').value.reply, 'Too early')
})
test('the_answer_to_a_send_does_not_take_back_what_an_event_told_since', async () => {
  timelineOf('1').isLoaded.value = true
  changeDraft('1', { reply: 'Hi' })
  const id = sendDraft('1', 'reply') as string
  await settled()
  tell('message.created', { message: message('50', { client_id: id, state: 'failed', error: 'no' }) })
  await question('POST /conversations/1/messages').answer(message('50', { client_id: id, state: 'queued' }))
  assert.equal(messages.peek('50')?.state, 'failed')
  assert.deepEqual(timelineOf('1').ids.value, ['50'])
})
