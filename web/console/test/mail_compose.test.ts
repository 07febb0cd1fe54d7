// What of writing a mail needs no page: lists of addresses, and what the rich field says in HTML and in text.
import assert from 'node:assert/strict'
import { test } from 'node:test'
import { addAddresses, entriesOf, isAddress, readAddress, writeAddress } from '../mail/addresses'
import { htmlFromText, htmlOf, textOf, type NodeLike } from '../mail/rich_text'

test('addresses_are_taken_as_servers_take_them', () => {
  for (const one of ['a@b.example', 'first.last+tag@sub.shop.example', 'রহিমা@উদাহরণ.বাংলা', 'أحمد@مثال.موقع', "o'neil@x.example", 'x'.repeat(64) + '@b.example']) assert.equal(isAddress(one), true, one)
  for (const one of ['', 'a', 'a@', '@b.example', 'a@b', 'a b@c.example', 'a@b..example', '.a@b.example', 'a..b@c.example', 'a@-b.example', 'a@1.2.3.4', 'x'.repeat(65) + '@b.example', 'a@b.example\nBcc: c@d.example', 'a@' + 'b'.repeat(250) + '.example', 'a,b@c.example']) assert.equal(isAddress(one), false, one)
})
test('a_list_is_parted_where_people_part_it', () => {
  assert.deepEqual(entriesOf('a@x.example, b@x.example;c@x.example\nd@x.example\te@x.example'), ['a@x.example', 'b@x.example', 'c@x.example', 'd@x.example', 'e@x.example'])
  assert.deepEqual(entriesOf('"Rao, Asha" <asha@x.example>, রহিমা <r@x.example>'), ['"Rao, Asha" <asha@x.example>', 'রহিমা <r@x.example>'])
  assert.deepEqual(entriesOf('أحمد <a@x.example>، b@x.example'), ['أحمد <a@x.example>', 'b@x.example'])
  assert.deepEqual(entriesOf('a@x.example b@x.example'), ['a@x.example', 'b@x.example'])
  assert.deepEqual(entriesOf(' ,;; \n'), [])
})
test('a_quote_that_is_never_closed_spoils_one_line_only', () => {
  assert.deepEqual(entriesOf('"Rao <a@x.example>, b@x.example\nc@x.example'), ['"Rao <a@x.example>, b@x.example', 'c@x.example'])
})
test('names_and_addresses_are_told_apart', () => {
  assert.deepEqual(readAddress('"Rao, \\"Asha\\"" <asha@x.example>'), { name: 'Rao, "Asha"', address: 'asha@x.example' })
  assert.deepEqual(readAddress('asha@x.example (Asha Rao)'), { name: 'Asha Rao', address: 'asha@x.example' })
  assert.deepEqual(readAddress('mailto:asha@x.example?subject=x'), { name: '', address: 'asha@x.example' })
  assert.deepEqual(readAddress('<asha@x.example>'), { name: '', address: 'asha@x.example' })
  assert.deepEqual(readAddress('nobody'), { name: '', address: 'nobody' })
})
test('an_address_is_named_once_over_all_fields', () => {
  const to = [{ name: '', address: 'a@x.example' }]
  const cc = [{ name: '', address: 'b@x.example' }]
  const added = addAddresses(cc, 'A@x.example, c@x.example, C@X.example', [...to, ...cc])
  assert.deepEqual(added.list.map((one) => one.address), ['b@x.example', 'c@x.example'])
  assert.deepEqual(added.twice.map((one) => one.address), ['A@x.example', 'C@X.example'])
  assert.equal(added.isFull, false)
})
test('no_more_addresses_are_taken_than_there_is_room_for', () => {
  const added = addAddresses([], Array.from({ length: 9 }, (_, at) => `a${at}@x.example`).join(), [], 5)
  assert.equal(added.list.length, 5)
  assert.equal(added.isFull, true)
})
test('a_written_address_is_read_as_the_same', () => {
  for (const one of [{ name: 'Rao, Asha', address: 'a@x.example' }, { name: 'রহিমা খাতুন', address: 'r@x.example' }, { name: '', address: 'b@x.example' }, { name: 'a@b <c>', address: 'd@x.example' }]) assert.deepEqual(readAddress(writeAddress(one)), one)
})
test('a_long_line_of_nothing_is_parted_quickly', () => {
  const begin = performance.now()
  for (const sign of ['@', '<', '"', 'a@', '( ', ',']) entriesOf(sign.repeat(40_000)).map(readAddress)
  assert.ok(performance.now() - begin < 2000)
})

/** Elements without a page: ["p", {attributes}, …children] and texts. */
type Tree = string | [string, Record<string, string>, ...Tree[]]
function node(tree: Tree): NodeLike {
  if (typeof tree === 'string') return { nodeType: 3, nodeName: '#text', nodeValue: tree, childNodes: [] }
  const [name, attributes, ...inside] = tree
  return { nodeType: 1, nodeName: name.toUpperCase(), nodeValue: null, childNodes: inside.map(node), getAttribute: (one) => attributes[one] ?? null }
}
const field = (...inside: Tree[]): NodeLike => node(['div', {}, ...inside])

test('what_is_written_goes_out_on_the_small_list', () => {
  const written = field('Hello ', ['b', {}, 'Asha'], ['div', {}, 'second'], ['p', {}, ['span', { style: 'color:red', onclick: 'x' }, 'third'], ['br', {}]], ['h1', {}, 'Head'], ['h6', {}, 'Low'])
  assert.equal(htmlOf(written), '<p>Hello <b>Asha</b></p><p>second</p><p>third<br></p><h1>Head</h1><h4>Low</h4>')
})
test('nothing_active_and_no_foreign_picture_goes_out', () => {
  const written = field(['script', {}, 'alert(1)'], ['style', {}, 'x'], ['p', {}, ['a', { href: 'javascript:alert(1)' }, 'a'], ['a', { href: 'https://x.example/?a=1&b="' }, 'b'], ['img', { src: 'https://x.example/p.png' }], ['img', { src: 'cid:logo@x', alt: '<a>' }], '<b> & "'], ['iframe', { src: 'x' }], ['svg', {}, ['path', {}]])
  assert.equal(htmlOf(written), '<p>a<a href="https://x.example/?a=1&amp;b=%22">b</a><img src="cid:logo@x" alt="&lt;a&gt;">&lt;b&gt; &amp; &quot;</p>')
})
test('lists_quotes_and_code_keep_their_shape', () => {
  const written = field(['ul', {}, ['li', {}, 'one'], ['li', {}, ['p', {}, 'two'], ['ol', {}, ['li', {}, 'in']]], ['ul', {}, ['li', {}, 'loose']]], ['blockquote', { style: 'margin:0' }, 'said', ['p', {}, 'more']], ['pre', {}, 'a\n ', ['b', {}, '<b>']])
  assert.equal(htmlOf(written), '<ul><li>one</li><li>two<ol><li>in</li></ol></li><li><ul><li>loose</li></ul></li></ul><blockquote><p>said</p><p>more</p></blockquote><pre>a\n &lt;b&gt;</pre>')
})
test('boxes_and_tables_of_other_pages_come_apart', () => {
  assert.equal(htmlOf(field(['table', {}, ['tbody', {}, ['tr', {}, ['td', {}, 'a'], ['td', {}, ['div', {}, ['div', {}, 'b']]]]]])), '<p>a</p><p>b</p>')
})
test('the_text_beside_it_reads_without_markup', () => {
  const written = field(['p', {}, 'Hello ', ['b', {}, 'Asha'], ',', ['br', {}], 'see ', ['a', { href: 'https://x.example/a' }, 'this'], ' or ', ['a', { href: 'https://x.example/' }, 'https://x.example'], '.'], ['ol', {}, ['li', {}, 'one'], ['li', {}, 'two', ['ul', {}, ['li', {}, 'in']]]], ['blockquote', {}, ['p', {}, 'said'], ['p', {}, 'more']], ['pre', {}, 'x  y'])
  assert.equal(textOf(written), 'Hello Asha,\nsee this (https://x.example/a) or https://x.example.\n\n1. one\n2. two\n   - in\n\n> said\n>\n> more\n\nx  y')
})
test('a_picture_without_words_leaves_none_in_the_text', () => {
  const picture = (alt: string): Tree => ['img', { 'data-cid': '7@seva.invalid', alt }]
  assert.equal(textOf(field(['p', {}, picture('')])), '')
  assert.equal(textOf(field(['p', {}, 'Look: ', picture('')], ['p', {}, picture('the box')])), 'Look:\n\n[the box]')
})
test('a_plain_text_becomes_paragraphs_and_no_markup', () => {
  assert.equal(htmlFromText('a <b>\r\nb\n\n\nc & d\n'), '<p>a &lt;b&gt;<br>b</p><p>c &amp; d</p>')
  assert.equal(htmlFromText('  \n\n '), '')
})
test('a_field_of_any_depth_is_written', () => {
  const deep: NodeLike = { nodeType: 1, nodeName: 'DIV', nodeValue: null, childNodes: [] }
  let at = deep
  for (let i = 0; i < 3000; i++) {
    const next: NodeLike = { nodeType: 1, nodeName: 'BLOCKQUOTE', nodeValue: null, childNodes: [] }
    ;(at.childNodes as NodeLike[]).push(next)
    at = next
  }
  assert.ok(htmlOf(deep).startsWith('<blockquote>'))
  assert.equal(typeof textOf(deep), 'string')
})
