// The run-time half of the message catalogue: numbers, dates and plurals by Intl, and a typed
// translator over the tables that web/tools/messages.mjs precompiles. Holds no words and no parser.
// Names and other foreign words are set apart with bidi isolates where directions may mix.

type Branch = string | (() => string)
type Options = Record<string, Branch>
type Arguments = Record<string, string | number | Date>

/** What precompiled messages call: one object per locale. */
export interface Formats {
  a(value: unknown): string
  n(value: unknown, options?: Intl.NumberFormatOptions, offset?: number): string
  d(value: unknown, options?: Intl.DateTimeFormatOptions): string
  p(value: unknown, options: Options, offset: number, isOrdinal?: 1): string
  s(value: unknown, options: Options): string
}
export type Message = string | ((a: Arguments, f: Formats) => string)
export type Table<M> = { readonly [K in keyof M]: string | ((a: Exclude<M[K], null>, f: Formats) => string) }

/** t('key') for messages without arguments, t('key', { … }) for the others; all else is a type error. */
export type Translate<M> = <K extends keyof M>(key: K, ...args: M[K] extends null ? [] : [M[K]]) => string

const RTL_LOCALES = /^(ar|fa|he|ur|ps|sd|ug|yi|dv|ckb)\b/
const RTL_TEXT = /[\u0590-\u08ff\ufb1d-\ufdff\ufe70-\ufefc]/

export function directionOf(locale: string): 'ltr' | 'rtl' {
  return RTL_LOCALES.test(locale) ? 'rtl' : 'ltr'
}

export function makeFormats(locale: string): Formats {
  const isRtl = directionOf(locale) === 'rtl'
  const take = (branch: Branch | undefined): string => (typeof branch === 'function' ? branch() : (branch ?? ''))
  const formats: Formats = {
    a(value) {
      if (typeof value === 'number') return formats.n(value)
      const text = String(value)
      return isRtl || RTL_TEXT.test(text) ? `\u2068${text}\u2069` : text
    },
    n: (value, options, offset = 0) => new Intl.NumberFormat(locale, options).format(Number(value) - offset),
    d: (value, options) => new Intl.DateTimeFormat(locale, options).format(value as Date | number),
    p(value, options, offset, isOrdinal) {
      const exact = options[`=${value}`]
      if (exact !== undefined) return take(exact)
      const rules = new Intl.PluralRules(locale, isOrdinal ? { type: 'ordinal' } : undefined)
      return take(options[rules.select(Number(value) - offset)] ?? options['other'])
    },
    s: (value, options) => take(options[String(value)] ?? options['other']),
  }
  return formats
}

export function makeTranslator<M>(locale: string, table: Table<M>): Translate<M> {
  const formats = makeFormats(locale)
  return (key, ...args) => {
    const message = table[key] as Message
    return typeof message === 'function' ? message((args[0] ?? {}) as Arguments, formats) : message
  }
}
