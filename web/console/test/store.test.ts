import assert from 'node:assert/strict'
import { beforeEach, test } from 'node:test'
import type { Conversation, Message } from '../lib/types'
import { conversations, forgetEverything, messages, pruneConversations, putMessage, timelineOf, writerName } from '../state/store'

const message = (id: string, client_id: string | null): Message => ({
  id, conversation_id: '1', kind: 'out', author: { kind: 'agent', id: '2', name: 'Ada', photo_url: null }, text: id, attachments: [], state: 'queued', error: null, held_until: null,
  client_id, mentions: [], activity: null, sent_at: '2026-11-01T11:00:00.000Z', edited_at: null, reply_to_id: null, read_by_contact_at: null,
})
beforeEach(forgetEverything)

test('the_local_copy_of_a_message_gives_way_to_the_servers', () => {
  const { ids } = timelineOf('1')
  putMessage(message('local:a', 'a'))
  putMessage(message('50', 'a'))
  assert.deepEqual(ids.value, ['50'])
})
test('a_local_copy_that_comes_after_the_servers_is_not_shown_again', () => {
  const { ids } = timelineOf('1')
  putMessage(message('50', 'a'))
  putMessage(message('local:a', 'a'))
  assert.deepEqual(ids.value, ['50'])
})
test('messages_of_conversations_that_nobody_opened_are_not_kept', () => {
  putMessage({ ...message('60', null), conversation_id: '9' })
  assert.equal(messages.peek('60'), undefined)
})
test('conversations_that_nobody_shows_are_forgotten_in_the_end', () => {
  for (let id = 0; id < 2000; id++) conversations.set({ id: String(id) } as never)
  pruneConversations(['3', '4'])
  assert.equal(conversations.size, 2)
})

test('a_name_that_came_after_the_message_stands_over_it_and_over_no_other_person', () => {
  const from = (id: string, name: string): Message => ({ id: '50', conversation_id: '1', author: { kind: 'contact', id, name, photo_url: null } }) as unknown as Message
  assert.equal(writerName(from('5', '')), null)
  conversations.set({ id: '1', contact: { id: '5', name: 'Maya' } } as unknown as Conversation)
  assert.deepEqual([writerName(from('5', '')), writerName(from('6', '')), writerName(from('5', 'maya_f'))], ['Maya', null, 'maya_f'])
})
