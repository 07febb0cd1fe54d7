import assert from 'node:assert/strict'
import { test } from 'node:test'
import { inTurn } from '../lib/in_turn'
import { Latest } from '../lib/latest'
import { SmallList, Unanswered } from '../state/order'

interface Thing { id: string; name: string; colour?: string }

/** A question whose answer comes when the test says so. */
function later<T>(): { work: () => Promise<T>; come: (value: T) => void; fail: () => void; isAsked: () => boolean } {
  let come: (value: T) => void = () => undefined
  let fail: () => void = () => undefined
  let isAsked = false
  const promise = new Promise<T>((resolve, reject) => {
    come = resolve
    fail = () => reject(new Error('no'))
  })
  return { work: () => { isAsked = true; return promise }, come, fail, isAsked: () => isAsked }
}
const names = (list: SmallList<Thing>): string[] => list.items.value.map((one) => one.name)

test('what_changed_while_the_answer_was_on_its_way_stands_over_it', async () => {
  const list = new SmallList<Thing>()
  const answer = later<Thing[]>()
  const loading = list.load(answer.work)
  list.put({ id: '1', name: 'new' })
  list.put({ id: '3', name: 'made' })
  list.remove('2')
  answer.come([{ id: '1', name: 'old', colour: 'red' }, { id: '2', name: 'gone' }])
  await loading
  assert.deepEqual(list.items.value, [{ id: '1', name: 'new', colour: 'red' }, { id: '3', name: 'made' }])
})
test('what_changed_before_the_question_does_not_stand_over_its_answer', async () => {
  const list = new SmallList<Thing>()
  const first = later<Thing[]>()
  const second = later<Thing[]>()
  const loads = [list.load(first.work)]
  list.put({ id: '1', name: 'then' })
  loads.push(list.load(second.work))
  second.come([{ id: '1', name: 'now' }])
  first.come([{ id: '1', name: 'before' }])
  await Promise.all(loads)
  assert.deepEqual(names(list), ['now'])
})
test('of_two_answers_that_of_the_later_question_stands', async () => {
  const list = new SmallList<Thing>()
  const first = later<Thing[]>()
  const second = later<Thing[]>()
  const loads = [list.load(first.work), list.load(second.work)]
  second.come([{ id: '1', name: 'second' }])
  await loads[1]
  first.come([{ id: '1', name: 'first' }])
  await loads[0]
  assert.deepEqual(names(list), ['second'])
})
test('an_earlier_answer_counts_when_the_later_question_fails', async () => {
  const list = new SmallList<Thing>()
  const first = later<Thing[]>()
  const second = later<Thing[]>()
  const loads = [list.load(first.work), list.load(second.work)]
  second.fail()
  await assert.rejects(loads[1] as Promise<void>)
  first.come([{ id: '1', name: 'first' }])
  await loads[0]
  assert.deepEqual(names(list), ['first'])
})
test('an_answer_for_who_has_left_fills_nothing', async () => {
  const list = new SmallList<Thing>()
  const answer = later<Thing[]>()
  const loading = list.load(answer.work)
  list.forget()
  answer.come([{ id: '1', name: 'theirs' }])
  await loading
  assert.deepEqual(names(list), [])
})
test('the_newest_of_notifications_stands_first', () => {
  const list = new SmallList<Thing>(true)
  for (const id of ['1', '2']) list.put({ id, name: id })
  assert.deepEqual(names(list), ['2', '1'])
})

test('an_unanswered_change_stands_over_what_is_told_meanwhile', () => {
  const all = new Unanswered<Thing>()
  const change = { name: 'mine' }
  assert.deepEqual(all.begin({ id: '1', name: 'old' }, change), { id: '1', name: 'mine' })
  assert.deepEqual(all.told({ id: '1', name: 'old', colour: 'red' }), { id: '1', name: 'mine', colour: 'red' })
  assert.deepEqual(all.end('1', change), { id: '1', name: 'old', colour: 'red' }, 'refused: what was told last')
  assert.deepEqual(all.told({ id: '1', name: 'then' }), { id: '1', name: 'then' })
})
test('a_refused_change_leaves_the_other_one_standing', () => {
  const all = new Unanswered<Thing>()
  const name = { name: 'mine' }
  const colour = { colour: 'blue' }
  all.begin({ id: '1', name: 'old' }, name)
  all.begin({ id: '1', name: 'mine' }, colour)
  assert.deepEqual(all.end('1', name), { id: '1', name: 'old', colour: 'blue' })
  assert.deepEqual(all.end('1', colour, true), { id: '1', name: 'old', colour: 'blue' }, 'taken without an answer of its own')
})

test('requests_under_one_key_go_one_after_the_other_also_when_one_fails', async () => {
  const first = later<string>()
  const second = later<string>()
  const other = later<string>()
  const done = [inTurn('a', first.work), inTurn('a', second.work)]
  void inTurn('b', other.work)
  assert.deepEqual([first.isAsked(), second.isAsked(), other.isAsked()], [true, false, true])
  first.fail()
  await assert.rejects(done[0] as Promise<string>)
  assert.ok(second.isAsked())
  second.come('done')
  assert.equal(await done[1], 'done')
})
test('only_the_latest_question_counts', () => {
  const latest = new Latest()
  const isFirst = latest.begin()
  const isSecond = latest.begin()
  assert.deepEqual([isFirst(), isSecond()], [false, true])
})
