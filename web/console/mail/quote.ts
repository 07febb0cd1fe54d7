// Where in a mail the old mail begins that its answer carries along: found by the marks that mail programs leave. A mark that is missed shows more,
// never less: what is folded can be unfolded, and a mail that is all quote is shown whole.

/** Elements that are the quote. */
const QUOTES = [
  'div.gmail_quote', 'div.gmail_quote_container', 'blockquote.gmail_quote', 'blockquote[type="cite" i]', 'div.yahoo_quoted', 'div[class*="yahoo_quoted"]', '.protonmail_quote',
  'div.moz-cite-prefix', 'div.moz-forward-container', 'blockquote.tutanota_quote', 'div.zmail_extra', 'div#mail-editor-reference-message-container',
].join(',')
/** Elements with which the quote begins: it goes on to the end of the mail. */
const BEGINNINGS = '#divRplyFwdMsg, #appendonsend, #OLK_SRC_BODY_SECTION, #x_divRplyFwdMsg, #x_appendonsend, hr#stopSpelling'

const isWithin = (node: Node, marked: ReadonlySet<Element>): boolean => {
  for (let up: Node | null = node; up; up = up.parentNode) if (marked.has(up as Element)) return true
  return false
}

/** What follows `element`, itself included, to the end of `root`. */
function restOf(element: Element, root: Element): Element[] {
  const rest: Element[] = [element]
  for (let up: Element | null = element; up && up !== root; up = up.parentElement) {
    for (let next = up.nextElementSibling; next; next = next.nextElementSibling) rest.push(next)
  }
  return rest
}

const UNBLANK = /[^\s\u00a0\u200b\u200c\u200d\u2060\ufeff\u00ad\u034f]/

/** Rules right above the beginning of a quote: Outlook draws one there. With anything to see between, it is the writer's. */
function rulesAbove(beginning: Element, root: Element): Element[] {
  const rules: Element[] = []
  const walker = root.ownerDocument.createTreeWalker(root, NodeFilter.SHOW_ELEMENT | NodeFilter.SHOW_TEXT)
  walker.currentNode = beginning
  for (let node = walker.previousNode(); node && node !== root; node = walker.previousNode()) {
    if (node.nodeName === 'IMG' || (node.nodeType === Node.TEXT_NODE && UNBLANK.test(node.nodeValue ?? ''))) break
    if (node.nodeName === 'HR') rules.push(node as Element)
  }
  return rules
}

/** Something to read or see that is not in a quote. */
function hasOwn(root: Element, marked: ReadonlySet<Element>): boolean {
  const walker = root.ownerDocument.createTreeWalker(root, NodeFilter.SHOW_ELEMENT | NodeFilter.SHOW_TEXT, (node) =>
    marked.has(node as Element) ? NodeFilter.FILTER_REJECT : NodeFilter.FILTER_ACCEPT,
  )
  for (let node = walker.nextNode(); node; node = walker.nextNode()) {
    if (node.nodeType === Node.TEXT_NODE ? UNBLANK.test(node.nodeValue ?? '') : node.nodeName === 'IMG') return true
  }
  return false
}

const MARK = /^\s*(?:-{2,}\s*(?:original message|ursprüngliche nachricht|message d'origine|mensaje original|messaggio originale|forwarded message)\s*-{2,}|##-.{1,100}-##)\s*$/i
/** A line that only introduces what follows ends in a colon, and names a mail address or a year, or says in a language of the catalogue who wrote. */
const INTRODUCES = [/(?:@|\b(?:19|20)\d\d\b|[০-৯]{4}|[٠-٩]{4}).*[:：]\s*$/u, /(?:\bwrote\b|লিখেছেন|লিখেছিলেন|كتب|\bschrieb\b).*[:：]\s*$/u] as const
const INTRODUCTION_MAX = 400
/** Letters that show nothing: marks of direction stand behind the colon too. */
const UNSEEN = /[\u200b-\u200f\u202a-\u202e\u2060-\u2069\ufeff]/g
const isIntroduction = (line: string, as: RegExp): boolean => as.test(line.slice(-INTRODUCTION_MAX).replace(UNSEEN, ''))

/** What a line of its own has not. */
const MORE_THAN_A_LINE = 'img, hr, br, div, p, li, table, blockquote, pre'

/** "On Monday, 5 January 2026, Asha wrote:" where it stands right above `quote`, alone in its element. */
function introductionOf(quote: Element): Element | null {
  let above = quote.previousSibling
  while (above && (above.nodeName === 'BR' || (above.nodeType !== Node.ELEMENT_NODE && !(above.nodeValue ?? '').trim()))) above = above.previousSibling
  if (above?.nodeType !== Node.ELEMENT_NODE || above.nodeName === 'IMG') return null
  const words = (above.textContent ?? '').trim()
  return words.length <= INTRODUCTION_MAX && INTRODUCES.some((as) => isIntroduction(words.replace(/\s+/g, ' '), as)) && !(above as Element).querySelector(MORE_THAN_A_LINE) ? (above as Element) : null
}

/** The outermost elements of `root` that hold the old mail; none when nothing would be left. */
export function quotesOf(root: Element): Element[] {
  const marked = new Set<Element>()
  for (const beginning of Array.from(root.querySelectorAll(BEGINNINGS)).slice(0, 1)) for (const one of [...rulesAbove(beginning, root), ...restOf(beginning, root)]) marked.add(one)
  for (const quote of Array.from(root.querySelectorAll(QUOTES))) {
    if (isWithin(quote, marked)) continue
    marked.add(quote)
    const next = quote.nextElementSibling
    if (quote.matches('.moz-cite-prefix') && next?.localName === 'blockquote') marked.add(next)
    const above = quote.localName === 'blockquote' ? introductionOf(quote) : null
    if (above) marked.add(above)
  }
  return marked.size && hasOwn(root, marked) ? [...marked] : []
}

/** How many lines above line `at` introduce it: "On Monday, 5 January 2026, Asha <asha@example.net> wrote:", over up to three. The last of them may say no more than "wrote:". */
function introductionAbove(lines: readonly string[], at: number): number {
  for (const as of INTRODUCES) {
    for (let back = 1; back <= 3 && (lines[at - back] ?? '').trim(); back++) if (isIntroduction(lines.slice(at - back, at).join(' '), as)) return back
  }
  return 0
}

/** Of a plain text: what was written, and the quoted end, "" for none. Linear. */
export function splitText(text: string): { own: string; quoted: string } {
  const lines = text.split('\n')
  let from = lines.findIndex((line) => MARK.test(line.slice(0, 200)))
  if (from < 0) {
    let at = lines.length
    while (at > 0 && (lines[at - 1] ?? '').trim() === '') at--
    const end = at
    while (at > 0 && /^\s{0,3}>|^\s*$/.test(lines[at - 1] ?? '')) at--
    if (at === end || !lines.slice(at, end).some((line) => /^\s{0,3}>/.test(line))) return { own: text, quoted: '' }
    at -= introductionAbove(lines, at)
    from = at
  }
  const own = lines.slice(0, from).join('\n').trimEnd()
  return own ? { own, quoted: lines.slice(from).join('\n').trimEnd() } : { own: text, quoted: '' }
}
