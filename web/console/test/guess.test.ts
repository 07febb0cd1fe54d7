import { strict as assert } from 'node:assert'
import { test } from 'node:test'
import { guess } from '../capture/guess'

test('the_address_of_a_post_names_its_network_and_its_writer', () => {
  assert.deepEqual(guess('https://x.com/asha_r/status/1799'), { network: 'x', handle: '@asha_r' })
  assert.deepEqual(guess('https://mobile.twitter.com/asha_r/status/1'), { network: 'x', handle: '@asha_r' })
  assert.deepEqual(guess('https://www.tiktok.com/@shop.bd/video/72'), { network: 'tiktok', handle: '@shop.bd' })
  assert.deepEqual(guess('https://bsky.app/profile/asha.example/post/3k'), { network: 'bluesky', handle: '@asha.example' })
  assert.deepEqual(guess('https://social.example/@asha@far.example/114'), { network: 'mastodon', handle: '@asha@far.example' })
})

test('where_an_address_says_nothing_nothing_is_guessed', () => {
  assert.deepEqual(guess('https://notx.com/asha_r/status/1'), { network: null, handle: '' })
  assert.deepEqual(guess('https://www.facebook.com/permalink.php?id=4'), { network: 'facebook', handle: '' })
  for (const wrong of ['', 'javascript:alert(1)', 'https://', 'x.com/a/status/1']) assert.deepEqual(guess(wrong), { network: null, handle: '' })
})
