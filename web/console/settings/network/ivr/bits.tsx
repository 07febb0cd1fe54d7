// What the parts of the menu's editor share: the object and how it is changed, its faults by place, a text in each language.
import { createContext, type ComponentChildren } from 'preact'
import { useContext, useLayoutEffect, useRef } from 'preact/hooks'
import { Field } from '../../../ui/parts'
import { languageName } from '../../../lib/format'
import { nt } from '../../../lib/network_words'
import { textIn, withText, type Json } from './model'

export interface Editing { ivr: Json; change: (next: Json) => void; tags: readonly string[]; faults: ReadonlyMap<string, string> }
const Place = createContext<Editing | null>(null)
export const EditingPlace = Place.Provider
export function useEditing(): Editing {
  const found = useContext(Place)
  if (!found) throw new Error('outside the editor of a menu')
  return found
}
export const useFault = (place: string): string | null => useEditing().faults.get(place) ?? null

/** A part that can be folded: it opens for what is wrong in it and is never closed under somebody's hands. */
export function Part({ summary, isOpen, kind = 'ivr-part', children }: { summary: ComponentChildren; isOpen: boolean; kind?: string; children: ComponentChildren }) {
  const own = useRef<HTMLDetailsElement>(null)
  useLayoutEffect(() => {
    if (isOpen && own.current) own.current.open = true
  }, [isOpen])
  return (
    <details ref={own} class={kind}>
      <summary>{summary}</summary>
      {children}
    </details>
  )
}

export function Line({ label, hint, value, place, isArea, dir = 'auto', lang, placeholder, onChange }: { label: string; hint?: string; value: string; place?: string; isArea?: boolean; dir?: 'auto' | 'ltr'; lang?: string; placeholder?: string; onChange: (text: string) => void }) {
  const error = useFault(place ?? '-')
  return (
    <Field label={label} hint={hint} error={error}>
      {(props) => isArea ? <textarea {...props} rows={2} maxLength={4000} dir={dir} lang={lang} placeholder={placeholder} value={value} onInput={(event) => onChange(event.currentTarget.value)} />
        : <input {...props} type="text" maxLength={255} dir={dir} lang={lang} placeholder={placeholder} autocomplete="off" value={value} onInput={(event) => onChange(event.currentTarget.value)} />}
    </Field>
  )
}

export function Pick({ label, value, place, options, onChange }: { label: string; value: string; place?: string; options: readonly (readonly [string, string])[]; onChange: (value: string) => void }) {
  const error = useFault(place ?? '-')
  const isKnown = options.some(([one]) => one === value)
  return (
    <Field label={label} error={error}>
      {(props) => (
        <select {...props} value={value} onChange={(event) => onChange(event.currentTarget.value)}>
          {isKnown ? null : <option value={value}>{value || nt('ivr.unset')}</option>}
          {options.map(([one, name]) => <option key={one} value={one}>{name}</option>)}
        </select>
      )}
    </Field>
  )
}

/** One field per language; a text that is the same for all stands in each until one is changed. */
export function Texts({ label, value, onChange }: { label: string; value: unknown; onChange: (next: unknown) => void }) {
  const { tags } = useEditing()
  const all = tags.length ? tags : ['']
  return (
    <>
      {all.map((tag) => (
        <Line key={tag} isArea label={all.length > 1 ? `${label} · ${languageName(tag)}` : label} {...(tag ? { lang: tag } : {})} value={textIn(value, tag)} onChange={(text) => onChange(withText(value, tags, tag, text))} />
      ))}
    </>
  )
}
