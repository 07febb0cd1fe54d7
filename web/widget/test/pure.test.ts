import assert from 'node:assert/strict'
import { test } from 'node:test'
import { contrast, readableAs, readableOn } from '../colour'
import { makeQueue, type Outgoing, type Verdict } from '../frame/queue'
import { backoffMs, makeParser, type ServerEvent } from '../frame/sse'
import { compareIds, isSameRun, markRead, merge, unreadOf } from '../frame/timeline'
import type { WidgetMessage } from '../frame/types'

const message = (id: string, more: Partial<WidgetMessage> = {}): WidgetMessage => ({
  id, from: 'agent', author: { name: 'Ann', photo_url: null }, text: id, attachments: [], state: 'sent', sent_at: '2026-01-01T00:00:00.000Z', client_id: null, ...more,
})

test('text_on_and_in_any_accent_reaches_the_contrast_of_wcag_aa', () => {
  for (let value = 0; value < 0x1000000; value += 65_537 * 3 + 1_009) {
    const hex = `#${value.toString(16).padStart(6, '0')}`
    assert.ok(contrast(hex, readableOn(hex)) >= 4.5, hex)
    for (const surface of ['#ffffff', '#16181d']) assert.ok(contrast(readableAs(hex, surface), surface) >= 4.5, `${hex} on ${surface}`)
  }
  assert.equal(readableAs('#1a5fd0', '#ffffff'), '#1a5fd0')
})

function parse(pieces: string[]): ServerEvent[] {
  const events: ServerEvent[] = []
  const push = makeParser((event) => events.push(event))
  pieces.forEach(push)
  return events
}

test('events_are_read_whole_however_the_bytes_are_cut', () => {
  const text = 'retry: 2000\n\n: alive\n\nid: 7\nevent: message.created\ndata: {"a":1}\ndata: {"b":2}\n\nevent: typing\r\ndata:x\r\n\r\n'
  const whole = parse([text])
  assert.deepEqual(whole, [
    { id: '7', type: 'message.created', data: '{"a":1}\n{"b":2}' },
    { id: null, type: 'typing', data: 'x' },
  ])
  for (let at = 1; at < text.length; at++) assert.deepEqual(parse([text.slice(0, at), text.slice(at)]), whole, `cut at ${at}`)
})

test('waits_double_with_jitter_up_to_thirty_seconds', () => {
  assert.equal(backoffMs(0, 0), 250)
  assert.equal(backoffMs(0, 1), 500)
  assert.equal(backoffMs(3, 1), 4000)
  assert.equal(backoffMs(50, 1), 30_000)
})

test('ids_larger_than_doubles_hold_are_ordered', () => {
  assert.ok(compareIds('9007199254740993', '9007199254740992') > 0)
  assert.ok(compareIds('99', '100') < 0)
  assert.equal(compareIds('5', '5'), 0)
})

test('merging_leaves_one_of_each_message_with_its_newest_state', () => {
  const merged = merge([message('10'), message('12')], [message('11'), message('12', { state: 'read' })])
  assert.deepEqual(merged.map((one) => [one.id, one.state]), [['10', 'sent'], ['11', 'sent'], ['12', 'read']])
})

test('read_marks_only_the_visitors_messages_up_to_the_one_named', () => {
  const list = markRead([message('1', { from: 'me' }), message('2'), message('3', { from: 'me' })], '2')
  assert.deepEqual(list.map((one) => one.state), ['read', 'sent', 'sent'])
})

test('unread_counts_the_agents_messages_after_the_last_one_seen', () => {
  const list = [message('8'), message('9', { from: 'me' }), message('10'), message('11', { state: 'read' }), message('12', { from: 'system' })]
  assert.deepEqual(unreadOf(list, '8').map((one) => one.id), ['10'])
})

test('a_run_ends_with_another_author_or_five_minutes', () => {
  const first = message('1')
  assert.ok(isSameRun(first, message('2', { sent_at: '2026-01-01T00:04:59.000Z' })))
  assert.ok(!isSameRun(first, message('2', { sent_at: '2026-01-01T00:05:00.000Z' })))
  assert.ok(!isSameRun(first, message('2', { author: { name: 'Bo', photo_url: null } })))
  assert.ok(!isSameRun(undefined, first))
})

function queueOn(list: Outgoing[], answer: (id: string, tries: number) => Verdict) {
  const sent: string[] = []
  const tries = new Map<string, number>()
  let waits = 0
  const queue = makeQueue({
    store: { read: () => list, write: (next) => void (list = next) },
    send: async (one) => {
      const count = (tries.get(one.client_id) ?? 0) + 1
      tries.set(one.client_id, count)
      const verdict = answer(one.client_id, count)
      if (verdict === 'sent') sent.push(one.client_id)
      return verdict
    },
    wait: async () => void waits++,
    onChange: () => {},
    exclusively: (work) => work(),
  })
  return { queue, sent, left: () => list, waits: () => waits }
}
const draft = (id: string) => ({ client_id: id, text: id, attachments: [], at: 0 })

test('five_messages_written_offline_leave_in_order_once_the_connection_is_back', async () => {
  const { queue, sent, left, waits } = queueOn([], (id, tries) => (id === 'a' && tries < 4 ? 'later' : 'sent'))
  for (const id of 'abcde') queue.add(draft(id))
  await new Promise((resolve) => setImmediate(resolve))
  assert.deepEqual(sent, ['a', 'b', 'c', 'd', 'e'])
  assert.equal(waits(), 3)
  assert.deepEqual(left(), [])
})

test('a_refused_message_stays_as_failed_and_lets_the_next_pass', async () => {
  let isMended = false
  const { queue, sent, left } = queueOn([], (id) => (id === 'b' && !isMended ? 'refused' : 'sent'))
  for (const id of 'abc') queue.add(draft(id))
  await new Promise((resolve) => setImmediate(resolve))
  assert.deepEqual(sent, ['a', 'c'])
  assert.deepEqual(left().map((one) => one.state), ['failed'])
  isMended = true
  queue.retry('b')
  await new Promise((resolve) => setImmediate(resolve))
  assert.deepEqual(sent, ['a', 'c', 'b'])
})

test('what_an_earlier_page_left_in_the_queue_is_sent', async () => {
  const { queue, sent } = queueOn([{ ...draft('old'), state: 'sending' }], () => 'sent')
  await queue.flush()
  assert.deepEqual(sent, ['old'])
})
