import assert from 'node:assert/strict'
import { test } from 'node:test'
import { Outbox, type OutboxItem, type SendResult } from '../state/outbox'

/** A browser and a server on a string: answers are scripted, nothing waits for a clock. */
function bench(script: (item: OutboxItem, call: number) => SendResult) {
  const disk = { text: null as string | null }
  const sent: string[] = []
  let calls = 0
  const host = {
    load: () => disk.text,
    save: (text: string) => void (disk.text = text),
    send: async (item: OutboxItem) => {
      const result = script(item, calls++)
      if (result.kind === 'sent') sent.push(item.client_id)
      return result
    },
    exclusively: (work: () => Promise<void>) => work(),
    changed: () => undefined,
    wait: async () => undefined,
  }
  return { disk, sent, host, calls: () => calls }
}
const draft = (client_id: string, conversation_id = '1') => ({
  client_id, conversation_id, kind: 'reply' as const, text: client_id, attachment_ids: [], mentions: [], seen_message_id: '5', force: false, then: null, at: 0,
})

test('five_messages_written_offline_all_arrive_once_and_in_order', async () => {
  const net = bench((_, call) => (call < 3 ? { kind: 'later', afterMs: 1 } : { kind: 'sent' }))
  const outbox = new Outbox(net.host)
  for (const id of ['a', 'b', 'c', 'd', 'e']) outbox.add(draft(id))
  await outbox.pump()
  assert.deepEqual(net.sent, ['a', 'b', 'c', 'd', 'e'])
  assert.equal(outbox.all.length, 0)
})
test('what_was_not_sent_is_there_after_a_reload', async () => {
  const net = bench(() => ({ kind: 'sent' }))
  new Outbox(net.host).add(draft('a'))
  const next = new Outbox(net.host)
  assert.deepEqual(next.all.map((item) => item.client_id), ['a'])
  await next.pump()
  assert.deepEqual(net.sent, ['a'])
})
test('an_item_caught_in_sending_by_a_crash_is_sent_again_with_the_same_id', async () => {
  const net = bench(() => ({ kind: 'sent' }))
  const outbox = new Outbox(net.host)
  outbox.add(draft('a'))
  outbox.change('a', { state: 'sending' })
  await new Outbox(net.host).pump()
  assert.deepEqual(net.sent, ['a'])
})
test('a_stale_reply_waits_for_its_writer_and_holds_back_only_its_own_conversation', async () => {
  const net = bench((item) => (item.client_id === 'a' && !item.force ? { kind: 'stale' } : { kind: 'sent' }))
  const outbox = new Outbox(net.host)
  outbox.add(draft('a', '1'))
  outbox.add(draft('b', '1'))
  outbox.add(draft('c', '2'))
  await outbox.pump()
  assert.deepEqual(net.sent, ['c'])
  assert.equal(outbox.all[0]?.state, 'review')
  outbox.change('a', { state: 'waiting', force: true })
  await outbox.pump()
  assert.deepEqual(net.sent, ['c', 'a', 'b'])
})
test('a_refused_message_is_kept_with_its_reason', async () => {
  const net = bench(() => ({ kind: 'refused', error: 'too long' }))
  const outbox = new Outbox(net.host)
  outbox.add(draft('a'))
  await outbox.pump()
  assert.deepEqual(outbox.all.map((item) => [item.state, item.error]), [['refused', 'too long']])
})
test('two_pumps_at_once_send_nothing_twice', async () => {
  const net = bench(() => ({ kind: 'sent' }))
  const outbox = new Outbox(net.host)
  outbox.add(draft('a'))
  await Promise.all([outbox.pump(), outbox.pump()])
  assert.deepEqual(net.sent, ['a'])
})
test('broken_storage_begins_empty', () => {
  const net = bench(() => ({ kind: 'sent' }))
  net.disk.text = '{not json'
  assert.deepEqual(new Outbox(net.host).all, [])
})

test('a_reply_with_personal_data_waits_for_its_writer_and_goes_when_confirmed', async () => {
  const net = bench((item) => (item.confirm_public ? { kind: 'sent' } : { kind: 'personal', findings: [{ kind: 'phone', from: 0, to: 3 }] }))
  const outbox = new Outbox(net.host)
  outbox.add(draft('a'))
  outbox.add(draft('b'))
  await outbox.pump()
  assert.equal(outbox.all[0]?.state, 'personal')
  assert.deepEqual(outbox.all[0]?.findings, [{ kind: 'phone', from: 0, to: 3 }])
  assert.deepEqual(net.sent, [], 'what follows keeps its place behind it')
  outbox.change('a', { state: 'waiting', confirm_public: true })
  outbox.change('b', { confirm_public: true })
  await outbox.pump()
  assert.deepEqual(net.sent, ['a', 'b'])
})
