// Unsent words: whose they are, and what other tabs of the browser do to them.
import { answerRest, asked, question, settled, withTimers } from './page'
import assert from 'node:assert/strict'
import { afterEach, beforeEach, test } from 'node:test'
import type { Attachment, Id, Session } from '../lib/types'
import { catchUp, changeDraft, clearDraft, draftOf, emptyDraft, flushDrafts, forgetOldDrafts, leaveDrafts, mergeDraft, startDrafts, takeDraft, type Draft } from '../state/drafts'
import { enter, signOut } from '../state/session'
import { forgetEverything, session } from '../state/store'

const draft = (change: Partial<Draft>): Draft => ({ ...emptyDraft(), ...change })
const file = (id: Id): Attachment => ({ id, name: id, size: 1, type: 'text/plain' }) as unknown as Attachment
const as = (agent: Id, account: Id = '3'): Session => ({ agent: { id: agent, name: 'Ada', settings: {} }, account: { id: account }, capabilities: [], csrf: '', session_id: '1' }) as unknown as Session
const key = (conversation: Id): string => 'seva.draft.3.9.' + conversation

/** Another tab of this browser. */
const other = new BroadcastChannel('seva-drafts')
const told: { key: string; was: Draft; next: Draft }[] = []
other.onmessage = (event: MessageEvent<(typeof told)[0]>) => void told.push(event.data)
const tell = (conversation: Id, was: Draft, next: Draft): void => other.postMessage({ key: key(conversation), was, next })
const write = (conversation: Id | null): void => {
  const field = { dataset: { draft: conversation ?? '' }, closest: () => field }
  Object.assign(document, { activeElement: conversation === null ? null : field })
}
startDrafts()

beforeEach(() => {
  session.value = as('9')
})
afterEach(async () => {
  write(null)
  await Promise.all([leaveDrafts(), answerRest()])
  for (let at = localStorage.length - 1; at >= 0; at--) localStorage.removeItem(localStorage.key(at) ?? '')
  told.length = 0
})

test('what_one_agent_left_unsent_is_not_shown_to_the_next_and_is_there_again_for_the_first', () => withTimers(async (pass) => {
  changeDraft('1', { reply: 'Between me and her' })
  flushDrafts()
  session.value = as('8')
  assert.equal(draftOf('1').value.reply, '')
  pass()
  await settled()
  assert.deepEqual(asked(), [], 'nor is it saved under the name of the next')
  session.value = as('9', '4')
  assert.equal(draftOf('1').value.reply, '', 'the same number in another account is somebody else')
  session.value = as('9')
  await leaveDrafts()
  assert.equal(draftOf('1').value.reply, 'Between me and her')
}))
test('who_signs_in_where_a_session_of_another_ended_finds_nothing_of_it', async () => {
  session.value = as('8')
  changeDraft('1', { reply: 'Not for Ada' })
  await enter(as('9')).catch(() => undefined)
  assert.equal(draftOf('1').value.reply, '')
  assert.match(localStorage.getItem('seva.draft.3.8.1') ?? '', /Not for Ada/, 'and it is kept for its writer')
})
test('signing_out_saves_what_was_written_last_before_the_session_ends', async () => {
  changeDraft('1', { reply: 'Half a sent' })
  void signOut()
  await settled()
  assert.deepEqual(asked(), ['PUT /conversations/1/draft'])
  await question('PUT /conversations/1/draft').answer({})
  assert.deepEqual(asked(), ['DELETE /session'])
  assert.match(localStorage.getItem(key('1')) ?? '', /Half a sent/)
  forgetEverything()
})
test('drafts_kept_before_they_carried_a_name_are_forgotten_and_nothing_else_is', () => {
  for (const name of ['seva.draft.1', 'seva.draft.17', key('1'), 'seva.look']) localStorage.setItem(name, '{"reply":"old"}')
  forgetOldDrafts()
  assert.deepEqual([...Array(localStorage.length).keys()].map((at) => localStorage.key(at)), [key('1'), 'seva.look'])
  assert.equal(draftOf('17').value.reply, '')
})

test('words_written_in_another_tab_appear_and_go_when_they_are_sent_there', () => {
  const first = draft({ reply: 'Hello', updatedAt: 1000 })
  assert.equal(draftOf('1').value.reply, '')
  tell('1', draft({}), first)
  assert.equal(draftOf('1').value.reply, 'Hello')
  tell('1', first, draft({ updatedAt: 2000 }))
  assert.equal(draftOf('1').value.reply, '')
})
test('words_of_another_tab_do_not_come_over_what_is_being_written_and_are_taken_afterwards', () => {
  tell('1', draft({}), draft({ reply: 'nobody has looked at it yet', updatedAt: 500 }))
  localStorage.setItem(key('1'), JSON.stringify(draft({ reply: 'Hello', updatedAt: 1000 })))
  assert.equal(draftOf('1').value.reply, 'Hello')
  write('1')
  const next = draft({ reply: 'Hello there', updatedAt: 2000 })
  localStorage.setItem(key('1'), JSON.stringify(next))
  tell('1', draft({ reply: 'Hello', updatedAt: 1000 }), next)
  takeDraft('1', { kind: 'reply', text: 'Hello there', updated_at: new Date(2000).toISOString() })
  assert.equal(draftOf('1').value.reply, 'Hello')
  write(null)
  catchUp('1')
  assert.equal(draftOf('1').value.reply, 'Hello there')
})
test('what_was_sent_elsewhere_goes_here_even_under_the_caret_unless_it_was_written_on', () => withTimers(async (pass) => {
  localStorage.setItem(key('1'), JSON.stringify(draft({ reply: 'Hello', updatedAt: 1000 })))
  localStorage.setItem(key('2'), JSON.stringify(draft({ reply: 'Hello', updatedAt: 1000 })))
  const was = draftOf('1').value
  write('1')
  tell('1', was, draft({ updatedAt: 2000 }))
  assert.equal(draftOf('1').value.reply, '')
  changeDraft('2', { reply: 'Hello and more' })
  tell('2', was, draft({ updatedAt: Date.now() }))
  assert.equal(draftOf('2').value.reply, 'Hello and more')
  pass()
  await settled()
  assert.match(localStorage.getItem(key('2')) ?? '', /Hello and more/, 'it is kept where the other tab had emptied it')
  assert.deepEqual(asked(), ['PUT /conversations/2/draft'])
}))
test('a_tab_tells_the_others_what_it_sent_also_what_it_had_not_told_yet', () => {
  changeDraft('1', { reply: 'Quick' })
  clearDraft('1', 'reply')
  assert.deepEqual(told.map((one) => [one.key, one.was.reply, one.next.reply]), [[key('1'), 'Quick', '']])
})
test('what_is_told_of_another_agents_draft_is_not_taken', () => {
  assert.equal(draftOf('1').value.reply, '')
  other.postMessage({ key: 'seva.draft.3.8.1', was: draft({}), next: draft({ reply: 'Not yours', updatedAt: 1000 }) })
  assert.equal(draftOf('1').value.reply, '')
})

test('a_reply_that_was_sent_elsewhere_takes_no_note_and_no_new_file_along', () => {
  const was = draft({ reply: 'Hello', note: '', attachments: [file('1')], updatedAt: 1000 })
  const mine = draft({ reply: 'Hello', note: 'Ask Rahim', attachments: [file('1'), file('2')], replyTo: '40', updatedAt: 1500 })
  const left = mergeDraft(mine, was, draft({ updatedAt: 2000 }), false)
  assert.deepEqual([left.reply, left.note, left.attachments.map((one) => one.id), left.replyTo], ['', 'Ask Rahim', ['2'], null])
})
test('an_older_change_of_another_tab_is_not_taken', () => {
  const mine = draft({ reply: 'Newer', updatedAt: 2000 })
  assert.equal(mergeDraft(mine, draft({}), draft({ reply: 'Older', updatedAt: 1000 }), false), mine)
})
