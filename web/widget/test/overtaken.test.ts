// The visitor's chat where answers come late: none may take back what the stream told since, and none is for another visitor.
import { asked, question, settled } from '../../console/test/page'
import assert from 'node:assert/strict'
import { beforeEach, test } from 'node:test'
import * as chat from '../frame/chat'
import * as state from '../frame/state'

type Listener = ((event: { data: unknown }) => void) | null
/** The other tab of this browser, which reads the stream. */
class Channel {
  static last: Channel
  onmessage: Listener = null
  constructor() {
    Channel.last = this
  }
  postMessage(): void {}
  close(): void {}
}
Object.assign(globalThis, { BroadcastChannel: Channel })
const hear = (type: string, data: unknown): void => Channel.last.onmessage?.({ data: { id: null, type, data: JSON.stringify({ data }) } })

const W = '/widget/v1'
const message = (id: string, text: string) => ({ id, client_id: null, from: 'agent', author: { name: 'Ada', photo_url: null }, text, attachments: [], state: 'sent', sent_at: '2026-11-01T11:00:00.000Z' })
const history = (status: string, messages: unknown[]) => ({ conversation: { id: '1', status }, agent: { name: 'Ada' }, read_upto: '0', messages, next: null })
const session = (name: string, conversation: unknown) => ({ token: 'token of ' + name, visitor_id: name, conversation, contact: { name } })
const answerSession = (name: string, conversation: unknown = { id: '1', status: 'open' }): Promise<void> => question(`POST ${W}/key/session`).answer(session(name, conversation))
const texts = (): string[] => state.messages.value.map((one) => one.text)

async function begun(): Promise<void> {
  const starting = chat.start({ key: 'key', locale: 'en', tell: () => undefined, identity: null })
  await settled()
  await settled()
  await question(`GET ${W}/key/config`).answer({ settings: {}, is_staffed: false })
  await answerSession('Maya')
  void starting
}
/** What is open from the test before is for nobody. */
beforeEach(async () => {
  if (Channel.last) chat.reset()
  while (asked().length) await question('').refuse(404)
})

test('what_the_tab_with_the_stream_tells_while_the_history_is_on_its_way_is_not_lost', async () => {
  await begun()
  hear('message.created', { message: message('51', 'while it was on its way') })
  await question(`GET ${W}/conversation`).answer(history('open', [message('50', 'before')]))
  assert.deepEqual(texts(), ['before', 'while it was on its way'])
  assert.equal(state.phase.value, 'ready')
})
test('a_history_that_comes_late_takes_no_event_back', async () => {
  await begun()
  await question(`GET ${W}/conversation`).answer(history('open', [message('50', 'first')]))
  hear('hello', {})
  hear('message.updated', { message: message('50', 'edited') })
  hear('conversation.updated', { conversation: { id: '1', status: 'resolved' } })
  await question(`GET ${W}/conversation`).answer(history('open', [message('50', 'first')]))
  assert.deepEqual([texts(), state.conversation.value?.status], [['edited'], 'resolved'])
})
test('of_two_histories_that_of_the_later_question_stands', async () => {
  await begun()
  const first = question(`GET ${W}/conversation`)
  hear('hello', {})
  await question(`GET ${W}/conversation`).answer(history('resolved', []))
  await first.answer(history('open', []))
  assert.equal(state.conversation.value?.status, 'resolved')
})
test('what_was_asked_for_one_visitor_is_not_shown_to_the_next', async () => {
  await begun()
  const late = question(`GET ${W}/conversation`)
  chat.reset()
  await late.answer(history('open', [message('50', 'for Maya alone')]))
  assert.deepEqual([texts(), state.conversation.value], [[], null])
})
test('a_session_that_comes_after_the_visitor_left_is_not_taken_up_again', async () => {
  const starting = chat.start({ key: 'key', locale: 'en', tell: () => undefined, identity: null })
  await settled()
  await settled()
  await question(`GET ${W}/key/config`).answer({ settings: {}, is_staffed: false })
  const late = question(`POST ${W}/key/session`)
  chat.reset()
  await late.answer(session('Maya', { id: '1', status: 'open' }))
  await starting
  assert.equal(state.session.value, null)
  await question(`GET ${W}/key/config`).answer({ settings: {}, is_staffed: false })
  await answerSession('nobody yet', null)
  assert.deepEqual([state.phase.value, state.session.value?.visitor_id], ['ready', 'nobody yet'])
})
