// The server names its sentences about mails (src/text/report_words.c, robot.c); each has words here, and what has none stays as it came.
import assert from 'node:assert/strict'
import { readFileSync } from 'node:fs'
import { test } from 'node:test'
import './page'
import { ruleWords, serverWords } from '../mail/sentences'
import { mailWords } from '../mail/words'

const source = (name: string): string => readFileSync(`../src/text/${name}`, 'utf8')

test('every_sentence_of_the_server_has_words', async () => {
  await mailWords()
  const rows = [...source('report_words.c').matchAll(/\{"\.([\d.]+)",\s+(?:true|false),\s+"([^"]+)"\s*\}/g)]
  assert.ok(rows.length >= 43)
  const names = new Map<string, string>() // the first row that has a sentence names it
  for (const [, name, words] of rows) if (name && words && !names.has(words)) names.set(words, name)
  for (const [words, sentence] of names) assert.equal(serverWords({ words: 'x', sentence, said: '' }), words)
  for (const sentence of ['delivered', 'later', 'failed', 'delayed', 'read', 'deleted', 'denied', 'unread']) assert.match(serverWords({ words: 'x', sentence, said: '' }), /^The .*\.$/)
})
test('what_the_other_server_said_stands_behind_it', async () => {
  await mailWords()
  assert.equal(serverWords({ words: 'x', sentence: '2.2', said: '552 5.2.2 over quota' }), 'The mailbox is full. (\u2068552 5.2.2 over quota\u2069)')
  assert.equal(serverWords({ words: '550 no', sentence: '', said: '' }), '550 no')
  assert.equal(serverWords({ words: 'A sentence of tomorrow.', sentence: '9.9', said: '' }), 'A sentence of tomorrow.')
})
test('every_rule_that_makes_a_mail_automatic_has_words', async () => {
  await mailWords()
  const rules = [...source('robot.c').matchAll(/\[[A-Z_]+\] = \{"([a-z_]+)",\s+"([^"]+)"\s*\}/g)]
  assert.equal(rules.length, 9)
  for (const [, name, why] of rules) assert.equal(ruleWords(name ?? ''), why)
  assert.equal(ruleWords('') + ruleWords('of tomorrow'), '')
})
