// The languages of a menu and what is said in each of them.
import { Button } from '../../../ui/parts'
import { languageName } from '../../../lib/format'
import { nt } from '../../../lib/network_words'
import { Line, Part, useEditing } from './bits'
import { MOST_LANGUAGES, objectsAt, replaced, SENTENCES, textAt, withMember, without, type Json } from './model'

const hintOf = (name: string): { hint?: string } => (name === 'waiting' ? { hint: nt('ivr.waiting_hint') } : name === 'position' ? { hint: nt('ivr.position_hint') } : {})
const tagName = (tag: string): string => (/^[A-Za-z]{2,8}([-_][A-Za-z0-9]{1,8})*$/.test(tag) ? languageName(tag.replace('_', '-')) : tag) || nt('ivr.language_new')

function Language({ one, at, isMany }: { one: Json; at: number; isMany: boolean }) {
  const { ivr, change, faults } = useEditing()
  const all = objectsAt(ivr, 'languages')
  const set = (name: string, text: string): void => change({ ...ivr, languages: replaced(all, at, withMember(one, name, text)) })
  const tag = textAt(one, 'tag')
  const name = nt('ivr.language', { number: at + 1, name: tagName(tag) })
  return (
    <Part summary={name} isOpen={!tag || faults.has(`languages.${at}.tag`)}>
      <div class="ivr-row">
        <Line label={nt('ivr.tag')} dir="ltr" placeholder="bn" place={`languages.${at}.tag`} value={tag} onChange={(text) => set('tag', text.trim())} />
        <Line label={nt('ivr.speech')} dir="ltr" placeholder="bn-IN" value={textAt(one, 'speech')} onChange={(text) => set('speech', text.trim())} />
        <Line label={nt('ivr.voice')} dir="ltr" placeholder="Polly.Amy" value={textAt(one, 'voice')} onChange={(text) => set('voice', text.trim())} />
      </div>
      {SENTENCES.filter((sentence) => isMany || sentence !== 'choose').map((sentence) => (
        <Line key={sentence} isArea {...(tag ? { lang: tag } : {})} label={nt(`ivr.${sentence}`)} {...hintOf(sentence)} value={textAt(one, sentence)} onChange={(text) => set(sentence, text)} />
      ))}
      <Button small tone="danger" icon="trash" onClick={() => change({ ...ivr, languages: without(all, at) })}>{nt('ivr.remove', { name })}</Button>
    </Part>
  )
}

export function Languages() {
  const { ivr, change } = useEditing()
  const all = objectsAt(ivr, 'languages')
  return (
    <fieldset class="ivr-group">
      <legend>{nt('ivr.languages')}</legend>
      <p class="settings-hint">{nt('ivr.languages_hint')}</p>
      {all.map((one, at) => <Language key={at} one={one} at={at} isMany={all.length > 1} />)}
      {all.length < MOST_LANGUAGES ? <Button small icon="plus" onClick={() => change({ ...ivr, languages: [...all, {}] })}>{nt('ivr.language_add')}</Button> : null}
    </fieldset>
  )
}
