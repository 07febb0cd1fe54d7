// What of a mail's styles may stand: an allow-list of properties and of functions in values. Nothing that fetches (url(), image-set(), @import,
// @font-face), that reads what the page knows (attr(), var(), env()), that lays itself over other things (position, z-index, transform) or moves.
// The browser's own parser reads the styles, in a sheet that belongs to no document, so there is nothing here to be confused by comments and
// escapes; what comes out is written anew from what was understood.

export const STYLE_MAX = 200_000
const RULES_MAX = 3000
const SELECTOR_MAX = 500
const VALUE_MAX = 300
/** In whatever unit: more is for hiding words or for filling the screen. */
const NUMBER_MAX = 5000

const SIDES = ['top', 'right', 'bottom', 'left']
const each = (before: string, after = ''): string[] => SIDES.map((side) => before + side + after)

/** Longhands, as the browser lists them. */
const PROPERTIES = new Set([
  'color', 'background-color', 'opacity', 'visibility',
  'font-family', 'font-size', 'font-style', 'font-weight', 'font-stretch', 'font-variant-caps', 'font-variant-numeric', 'line-height', 'letter-spacing', 'word-spacing',
  'text-align', 'text-align-last', 'text-indent', 'text-transform', 'text-decoration-line', 'text-decoration-style', 'text-decoration-color', 'text-decoration-thickness',
  'white-space', 'white-space-collapse', 'text-wrap-mode', 'word-break', 'overflow-wrap', 'hyphens', 'direction', 'vertical-align', 'baseline-shift', 'alignment-baseline',
  'width', 'min-width', 'max-width', 'height', 'min-height', 'max-height', 'box-sizing', 'display', 'float', 'clear', 'overflow-x', 'overflow-y', 'aspect-ratio', 'object-fit',
  ...each('margin-'), ...each('padding-'), ...each('border-', '-width'), ...each('border-', '-style'), ...each('border-', '-color'),
  'margin-inline-start', 'margin-inline-end', 'padding-inline-start', 'padding-inline-end',
  'border-top-left-radius', 'border-top-right-radius', 'border-bottom-left-radius', 'border-bottom-right-radius',
  'border-collapse', 'border-spacing', 'table-layout', 'caption-side', 'empty-cells', 'list-style-type', 'list-style-position',
  'flex-direction', 'flex-wrap', 'flex-grow', 'flex-shrink', 'flex-basis', 'justify-content', 'align-items', 'align-self', 'row-gap', 'column-gap', 'order',
])
/** Properties of which only some words may stand. */
const WORDS: Record<string, ReadonlySet<string>> = {
  display: new Set(['block', 'inline', 'inline-block', 'list-item', 'none', 'flex', 'inline-flex', 'table', 'inline-table', 'table-row', 'table-cell', 'table-row-group', 'table-header-group', 'table-footer-group', 'table-column', 'table-column-group', 'table-caption']),
  'overflow-x': new Set(['hidden', 'visible', 'auto']),
  'overflow-y': new Set(['hidden', 'visible', 'auto']),
}
const FUNCTIONS = new Set(['rgb', 'rgba', 'hsl', 'hsla', 'hwb', 'lab', 'lch', 'oklab', 'oklch', 'color', 'calc', 'min', 'max', 'clamp'])
/** Units of the window's height: the frame's height follows the content, so they would chase each other. */
const OF_THE_WINDOW = /\d(?:[dsl]?v(?:h|b|min|max))\b/i

export function isSafeValue(property: string, value: string): boolean {
  if (!PROPERTIES.has(property) || !value || value.length > VALUE_MAX) return false
  const words = WORDS[property]
  if (words) return words.has(value)
  if (/[\\<>{}@;]|\/\*/.test(value) || OF_THE_WINDOW.test(value)) return false
  for (const [, name] of value.matchAll(/([\w-]*)\(/g)) if (!FUNCTIONS.has((name ?? '').toLowerCase())) return false
  for (const [number] of value.matchAll(/\d+(?:\.\d+)?(?:e[+-]?\d+)?/gi)) if (Number(number) > NUMBER_MAX) return false
  return true
}

/** Only what chooses by the width of the sheet; the sheet is light whatever the system is. */
export const isSafeMedia = (condition: string): boolean => condition.length <= 200 && /^[\w\s(),.:<>=-]*$/.test(condition) && !/prefers|calc|height/i.test(condition)

/** The mail's own body is a part of the sheet's, and what it must not name, it does not find. Null: the rule is dropped. */
export function safeSelector(selector: string): string | null {
  if (selector.length > SELECTOR_MAX || /data-seva|:has|:host|::|[\\<{}@;]|\/\*/i.test(selector)) return null
  return selector.replace(/(^|[\s,>+~(])body(?![\w-])/gi, '$1[data-seva-body]')
}

function declarations(style: CSSStyleDeclaration): string {
  let out = ''
  for (const property of Array.from(style)) {
    const value = style.getPropertyValue(property)
    if (value !== 'initial' && isSafeValue(property, value)) out += `${property}:${value}${style.getPropertyPriority(property) ? '!important' : ''};`
  }
  return out
}

function isStyle(rule: CSSRule): rule is CSSStyleRule {
  return 'selectorText' in rule && 'style' in rule
}
function isMedia(rule: CSSRule): rule is CSSMediaRule {
  return 'media' in rule && 'cssRules' in rule
}

/** Styles of one mail, cleaned one after the other; knows how much of the allowance is used. */
export class StyleCleaner {
  private readonly sheet = new CSSStyleSheet()
  private readonly seen = new Map<string, string>()
  private rulesLeft = RULES_MAX
  private charsLeft = STYLE_MAX

  private take(text: string): boolean {
    this.charsLeft -= text.length
    return this.charsLeft >= 0
  }

  /** A style attribute. */
  attribute(text: string): string {
    const known = this.seen.get(text)
    if (known !== undefined) return known
    let clean = ''
    if (this.take(text)) {
      // What would end the rule early begins another one, which is not looked at.
      this.sheet.replaceSync(`a{${text}}`)
      const first = this.sheet.cssRules[0]
      clean = first && isStyle(first) ? declarations(first.style) : ''
    }
    this.seen.set(text, clean)
    return clean
  }

  /** A style element. */
  element(text: string): string {
    if (!this.take(text)) return ''
    this.sheet.replaceSync(text)
    return this.rules(this.sheet.cssRules, true)
  }

  private rules(list: CSSRuleList, isOutermost: boolean): string {
    let out = ''
    for (const rule of Array.from(list)) {
      if (this.rulesLeft-- <= 0) break
      if (isStyle(rule)) {
        const selector = safeSelector(rule.selectorText)
        const body = selector && declarations(rule.style)
        if (body) out += `${selector}{${body}}\n`
      } else if (isOutermost && isMedia(rule) && isSafeMedia(rule.media.mediaText)) {
        out += `@media ${rule.media.mediaText}{\n${this.rules(rule.cssRules, false)}}\n`
      }
    }
    return out
  }
}
