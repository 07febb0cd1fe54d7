import assert from 'node:assert/strict'
import { test } from 'node:test'

// A browser's window as far as the router looks at it.
const steps: string[] = []
const place = { pathname: '/app/calls', search: '?direction=in', origin: 'https://care.example' }
const enter = (_state: unknown, _title: string, to: string): void => {
  const url = new URL(to, place.origin)
  place.pathname = url.pathname
  place.search = url.search
  steps.push(to)
}
Object.assign(globalThis, { location: place, history: { pushState: enter, replaceState: enter } })
const { go, path, search, setSearch } = await import('../lib/router')

test('a_reload_finds_what_stands_in_the_address', () => assert.equal(search.value, '?direction=in'))
test('what_is_chosen_replaces_the_address_of_the_same_page', () => {
  setSearch('?outcome=missed')
  assert.equal(steps.at(-1), '/app/calls?outcome=missed')
  assert.equal(search.value, '?outcome=missed')
  setSearch('')
  assert.equal(steps.at(-1), '/app/calls')
})
test('another_page_begins_without_it_unless_the_link_says_it', () => {
  setSearch('?outcome=missed')
  go('/contacts')
  assert.deepEqual([path.value, search.value, steps.at(-1)], ['/app/contacts', '', '/app/contacts'])
  go('/calls?direction=out')
  assert.deepEqual([path.value, search.value, steps.at(-1)], ['/app/calls', '?direction=out', '/app/calls?direction=out'])
  const n = steps.length
  go('/calls?direction=out')
  assert.equal(steps.length, n)
})
