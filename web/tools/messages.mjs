// The words of the product: reads i18n/<area>/<locale>.json (flat key → ICU message with named
// arguments), checks that every locale has the same keys with the same arguments, and writes
// web/shared/gen/<area>.<locale>.ts (precompiled; the browser holds no message parser) and
// web/shared/gen/<area>.ts (types, so that an unknown key or a missing argument does not compile).
// The area "server" is checked here and turned into a C table by tools/server_words.py.
// Run: npm run messages [-- --check]   Syntax: ICU MessageFormat (plural, selectordinal, select,
// number, date, time); markup in messages is plain text.
import { mkdirSync, readdirSync, readFileSync, writeFileSync, existsSync } from 'node:fs'
import { dirname, join } from 'node:path'
import { fileURLToPath, pathToFileURL } from 'node:url'
import { parse, TYPE } from '@formatjs/icu-messageformat-parser'

const here = dirname(fileURLToPath(import.meta.url))
export const SOURCE_LOCALE = 'en'
const AREAS = ['console', 'networks', 'mail', 'search', 'exports', 'widget', 'shop', 'server']

/** Arguments of a parsed message: name → 'number' | 'date' | 'select' | 'text'. */
export function argumentsOf(nodes, found = new Map()) {
  const note = (name, kind) => {
    const before = found.get(name)
    if (before === undefined || before === 'text') found.set(name, kind)
    else if (kind !== 'text' && before !== kind) throw new Error(`argument {${name}} is used as ${before} and as ${kind}`)
  }
  for (const node of nodes) {
    if (node.type === TYPE.argument) note(node.value, 'text')
    else if (node.type === TYPE.number) note(node.value, 'number')
    else if (node.type === TYPE.date || node.type === TYPE.time) note(node.value, 'date')
    else if (node.type === TYPE.plural || node.type === TYPE.select) {
      note(node.value, node.type === TYPE.plural ? 'number' : 'select')
      for (const option of Object.values(node.options)) argumentsOf(option.value, found)
    } else if (node.type === TYPE.tag) argumentsOf(node.children, found)
  }
  return found
}

export function parseMessage(text) {
  return parse(text, { ignoreTag: true, requiresOtherClause: true })
}

function styleOptions(node) {
  const style = node.style
  if (!style) return node.type === TYPE.date ? { dateStyle: 'medium' } : node.type === TYPE.time ? { timeStyle: 'short' } : undefined
  if (typeof style === 'object') return style.parsedOptions
  if (node.type === TYPE.number) {
    if (style === 'percent') return { style: 'percent' }
    if (style === 'integer') return { maximumFractionDigits: 0 }
  } else if (['short', 'medium', 'long', 'full'].includes(style)) {
    return node.type === TYPE.date ? { dateStyle: style } : { timeStyle: style }
  }
  throw new Error(`unknown style "${style}" of {${node.value}}`)
}

/** TypeScript expression of a list of nodes; `hash` stands for # of the plural around it. */
function expression(nodes, hash) {
  const parts = nodes.map((node) => {
    const value = node.value !== undefined ? `a[${JSON.stringify(node.value)}]` : ''
    const styled = (call) => {
      const options = styleOptions(node)
      return `f.${call}(${value}${options ? ',' + JSON.stringify(options) : ''})`
    }
    switch (node.type) {
      case TYPE.literal: return JSON.stringify(node.value)
      case TYPE.argument: return `f.a(${value})`
      case TYPE.number: return styled('n')
      case TYPE.date:
      case TYPE.time: return styled('d')
      case TYPE.pound: return hash
      case TYPE.plural: {
        const inner = node.offset ? `f.n(${value},undefined,${node.offset})` : `f.n(${value})`
        const ordinal = node.pluralType === 'ordinal' ? ',1' : ''
        return `f.p(${value},${optionTable(node.options, inner)},${node.offset || 0}${ordinal})`
      }
      case TYPE.select: return `f.s(${value},${optionTable(node.options, hash)})`
      default: throw new Error(`unsupported element of type ${node.type}`)
    }
  })
  return parts.length === 0 ? '""' : parts.join('+')
}

function optionTable(options, hash) {
  const rows = Object.entries(options).map(([name, option]) => {
    const text = expression(option.value, hash)
    const isConstant = option.value.every((node) => node.type === TYPE.literal)
    return `${JSON.stringify(name)}:${isConstant ? text : `()=>${text}`}`
  })
  return `{${rows.join(',')}}`
}

/** One message as TypeScript source: a string literal, or a function of arguments and formats. */
export function compileMessage(text) {
  const nodes = parseMessage(text)
  if (nodes.every((node) => node.type === TYPE.literal)) return expression(nodes, '"#"')
  return `(a,f)=>${expression(nodes, '"#"')}`
}

const kindName = (kind) => ({ number: 'number', date: 'Date | number', select: 'string', text: 'string | number' })[kind]

/** Reads one area; returns {locales: {en: {key: text}}, problems: [text]}. */
export function readArea(folder) {
  const locales = {}
  const problems = []
  for (const file of readdirSync(folder).filter((name) => name.endsWith('.json')).sort()) {
    const text = readFileSync(join(folder, file), 'utf8')
    const locale = file.slice(0, -5)
    try {
      locales[locale] = JSON.parse(text)
    } catch (error) {
      problems.push(`${file}: ${error.message}`)
      continue
    }
    const keys = [...text.matchAll(/^\s*"((?:[^"\\]|\\.)+)"\s*:/gm)].map((match) => match[1])
    for (const key of keys.filter((key, at) => keys.indexOf(key) !== at)) problems.push(`${file}: key "${key}" stands twice`)
  }
  return { locales, problems }
}

/** Everything that is wrong with an area, as texts for the person who can mend it. */
export function checkArea(locales, sourceLocale = SOURCE_LOCALE) {
  const problems = []
  const source = locales[sourceLocale]
  if (!source) return [`${sourceLocale}.json is missing`]
  const shapes = new Map()
  for (const locale of [sourceLocale, ...Object.keys(locales).filter((name) => name !== sourceLocale)]) {
    const table = locales[locale]
    for (const key of Object.keys(source)) if (!(key in table)) problems.push(`${locale}: "${key}" is missing`)
    for (const [key, text] of Object.entries(table)) {
      if (!(key in source)) problems.push(`${locale}: "${key}" is not in ${sourceLocale}`)
      if (typeof text !== 'string' || text.trim() === '') { problems.push(`${locale}: "${key}" has no text`); continue }
      try {
        const shape = [...argumentsOf(parseMessage(text))].map(([name, kind]) => `${name}:${kind}`).sort()
        if (locale === sourceLocale) shapes.set(key, shape)
        else if (shapes.has(key)) {
          const names = (list) => list.map((entry) => entry.split(':')[0]).join(', ') || 'none'
          if (names(shape) !== names(shapes.get(key))) {
            problems.push(`${locale}: "${key}" has arguments ${names(shape)}, ${sourceLocale} has ${names(shapes.get(key))}`)
          }
        }
      } catch (error) {
        problems.push(`${locale}: "${key}": ${error.message}`)
      }
    }
  }
  return problems
}

export function typesSource(area, locales) {
  const name = area[0].toUpperCase() + area.slice(1)
  const rows = Object.entries(locales[SOURCE_LOCALE]).map(([key, text]) => {
    const list = [...argumentsOf(parseMessage(text))].map(([argument, kind]) => `${JSON.stringify(argument)}: ${kindName(kind)}`)
    return `  ${JSON.stringify(key)}: ${list.length ? `{ ${list.join('; ')} }` : 'null'}`
  })
  const names = Object.keys(locales)
  return `// Written by web/tools/messages.mjs from i18n/${area}; do not edit.
import type { Table } from '../messages'
export interface ${name}Messages {
${rows.join('\n')}
}
export type ${name}Key = keyof ${name}Messages
export const ${area}Locales = ${JSON.stringify(names)} as const
export type ${name}Locale = (typeof ${area}Locales)[number]
export const load${name}: Record<${name}Locale, () => Promise<{ messages: Table<${name}Messages> }>> = {
${names.map((locale) => `  ${JSON.stringify(locale)}: () => import('./${area}.${locale}'),`).join('\n')}
}
`
}

export function localeSource(area, locale, table) {
  const name = area[0].toUpperCase() + area.slice(1)
  const rows = Object.entries(table).map(([key, text]) => `  ${JSON.stringify(key)}: ${compileMessage(text)},`)
  return `// Written by web/tools/messages.mjs from i18n/${area}/${locale}.json; do not edit.
import type { Table } from '../messages'
import type { ${name}Messages } from './${area}'
export const messages: Table<${name}Messages> = {
${rows.join('\n')}
}
`
}

function writeIfChanged(path, text) {
  if (existsSync(path) && readFileSync(path, 'utf8') === text) return
  writeFileSync(path, text)
}

function main() {
  const root = join(here, '..', '..', 'i18n')
  const out = join(here, '..', 'shared', 'gen')
  const isCheck = process.argv.includes('--check')
  let count = 0
  for (const area of AREAS) {
    const folder = join(root, area)
    if (!existsSync(join(folder, `${SOURCE_LOCALE}.json`))) continue
    const { locales, problems } = readArea(folder)
    if (problems.length === 0) problems.push(...checkArea(locales))
    for (const problem of problems) console.error(`i18n/${area}/${problem}`)
    count += problems.length
    if (problems.length || isCheck || area === 'server') continue
    mkdirSync(out, { recursive: true })
    writeIfChanged(join(out, `${area}.ts`), typesSource(area, locales))
    for (const [locale, table] of Object.entries(locales)) {
      writeIfChanged(join(out, `${area}.${locale}.ts`), localeSource(area, locale, table))
    }
  }
  if (count) {
    console.error(`${count} problem${count === 1 ? '' : 's'} in the message catalogue`)
    process.exit(1)
  }
}

if (import.meta.url === pathToFileURL(process.argv[1] ?? '').href) main()
