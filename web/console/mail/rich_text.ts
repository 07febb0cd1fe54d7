// What is written in the rich field, as the HTML that goes out and as the text beside it. Pure: it reads elements and writes strings, nothing of the
// field goes out as it stands. The list is the server's (text/html_clean); it reads the result again.
import { safeLink } from './links'

/** As much of a node as is read here. */
export interface NodeLike {
  readonly nodeType: number
  readonly nodeName: string
  readonly nodeValue: string | null
  readonly childNodes: ArrayLike<NodeLike>
  getAttribute?(name: string): string | null
}

const INLINE: Record<string, string> = { B: 'b', STRONG: 'strong', I: 'i', EM: 'em', U: 'u', S: 's', STRIKE: 's', DEL: 's', CODE: 'code', TT: 'code' }
const BLOCK: Record<string, string> = { P: 'p', DIV: 'p', H1: 'h1', H2: 'h2', H3: 'h3', H4: 'h4', H5: 'h4', H6: 'h4', PRE: 'pre', BLOCKQUOTE: 'blockquote', UL: 'ul', OL: 'ol', LI: 'li' }
/** Of other pages, what has lines of its own. */
const CONTAINERS = new Set(['ARTICLE', 'ASIDE', 'BODY', 'CENTER', 'DD', 'DL', 'DT', 'FIGCAPTION', 'FIGURE', 'FOOTER', 'HEADER', 'MAIN', 'NAV', 'SECTION', 'TABLE', 'TBODY', 'TD', 'TFOOT', 'TH', 'THEAD', 'TR'])
const DROPPED = new Set(['HEAD', 'META', 'NOSCRIPT', 'OBJECT', 'SCRIPT', 'STYLE', 'SVG', 'TEMPLATE', 'TITLE'])
/** Deeper than anybody writes; what is below is text. */
const DEPTH_MAX = 40

const ELEMENT = 1
const TEXT = 3
const children = (node: NodeLike): NodeLike[] => Array.from(node.childNodes)
const nameOf = (node: NodeLike): string => node.nodeName.toUpperCase()
const isBlock = (node: NodeLike): boolean => node.nodeType === ELEMENT && (nameOf(node) in BLOCK || CONTAINERS.has(nameOf(node)))
export const escaped = (text: string): string => text.replace(/&/g, '&amp;').replace(/</g, '&lt;').replace(/>/g, '&gt;').replace(/"/g, '&quot;')

/** The Content-Id of a picture of the mail itself; other pictures do not go out. */
function pictureOf(node: NodeLike): { id: string; alt: string } | null {
  const id = node.getAttribute?.('data-cid') ?? /^cid:(.+)$/i.exec(node.getAttribute?.('src') ?? '')?.[1] ?? ''
  return /^[\w.+@$%-]{1,200}$/.test(id) ? { id, alt: (node.getAttribute?.('alt') ?? '').slice(0, 300) } : null
}

function inline(node: NodeLike, depth: number): string {
  if (node.nodeType === TEXT) return escaped((node.nodeValue ?? '').replace(/\u200b/g, ''))
  if (node.nodeType !== ELEMENT || DROPPED.has(nameOf(node)) || depth > DEPTH_MAX) return ''
  const name = nameOf(node)
  if (name === 'BR') return '<br>'
  if (name === 'IMG') {
    const picture = pictureOf(node)
    return picture ? `<img src="cid:${picture.id}" alt="${escaped(picture.alt)}">` : ''
  }
  const inner = children(node).map((child) => inline(child, depth + 1)).join('')
  if (name === 'A') {
    const link = safeLink(node.getAttribute?.('href') ?? '')
    return link && inner ? `<a href="${escaped(link.href)}">${inner}</a>` : inner
  }
  const tag = INLINE[name]
  return tag && inner ? `<${tag}>${inner}</${tag}>` : inner
}

/** Runs of words and inline elements become paragraphs, blocks stay blocks, boxes of other pages come apart. */
function blocks(nodes: readonly NodeLike[], depth: number): string {
  let out = ''
  let run = ''
  const flush = (): void => {
    if (run.trim()) out += `<p>${run.trim()}</p>`
    run = ''
  }
  for (const node of nodes) {
    if (isBlock(node) && depth < DEPTH_MAX) {
      flush()
      out += block(node, depth + 1)
    } else run += inline(node, depth)
  }
  flush()
  return out
}

function block(node: NodeLike, depth: number): string {
  const tag = BLOCK[nameOf(node)]
  const inside = children(node)
  const hasBlocks = inside.some(isBlock)
  switch (tag) {
    case 'ul':
    case 'ol': {
      // A list right in a list is what browsers make when an entry is indented.
      const entries = inside.map((child) => (nameOf(child) === 'LI' ? block(child, depth + 1) : isBlock(child) ? `<li>${block(child, depth + 1)}</li>` : '')).join('')
      return entries ? `<${tag}>${entries}</${tag}>` : ''
    }
    case 'li':
      return `<li>${hasBlocks ? tight(blocks(inside, depth)) : inside.map((child) => inline(child, depth)).join('')}</li>`
    case 'blockquote':
      return `<blockquote>${blocks(inside, depth)}</blockquote>`
    case 'pre':
      return `<pre>${escaped(textIn(node, 0))}</pre>`
    case undefined:
      return blocks(inside, depth)
    default:
      // A paragraph cannot hold another.
      if (hasBlocks) return blocks(inside, depth)
      return `<${tag}>${inside.map((child) => inline(child, depth)).join('')}</${tag}>`
  }
}

/** An entry of a list with one paragraph in it is written without. */
const tight = (html: string): string => (/^<p>((?!<p>|<\/p>).)*<\/p>(<[uo]l>.*)?$/s.test(html) ? html.replace(/^<p>/, '').replace('</p>', '') : html)

function textIn(node: NodeLike, depth: number): string {
  if (node.nodeType === TEXT) return node.nodeValue ?? ''
  if (depth > DEPTH_MAX) return ''
  if (nameOf(node) === 'BR') return '\n'
  const inner = children(node).map((child) => textIn(child, depth + 1)).join('')
  return nameOf(node) === 'DIV' ? inner + '\n' : inner
}

export const htmlOf = (root: NodeLike): string => blocks(children(root), 0)

function words(node: NodeLike, depth: number): string {
  if (node.nodeType === TEXT) return (node.nodeValue ?? '').replace(/\u00a0/g, ' ').replace(/\u200b/g, '')
  if (node.nodeType !== ELEMENT || DROPPED.has(nameOf(node)) || depth > DEPTH_MAX) return ''
  if (nameOf(node) === 'BR') return '\n'
  // A picture without words is among the files: lists and the mail's plain part name it there.
  if (nameOf(node) === 'IMG') return pictureOf(node)?.alt ? `[${pictureOf(node)?.alt ?? ''}]` : ''
  const inner = children(node).map((child) => words(child, depth + 1)).join('')
  const link = nameOf(node) === 'A' ? safeLink(node.getAttribute?.('href') ?? '') : null
  if (!link) return inner
  const isSame = [link.href, link.shown, link.href.replace(/\/$/, '')].includes(inner.trim())
  return isSame ? inner : `${inner} (${link.href.replace(/^(mailto|tel):/, '')})`
}

const indented = (text: string, first: string, rest: string): string => text.split('\n').map((line, at) => (line || first.startsWith('>') ? (at ? rest : first) + line : line)).join('\n')

function paragraphs(nodes: readonly NodeLike[], depth: number): string[] {
  const out: string[] = []
  let run = ''
  const flush = (): void => {
    if (run.trim()) out.push(run.trim())
    run = ''
  }
  for (const node of nodes) {
    if (!isBlock(node) || depth > DEPTH_MAX) {
      run += words(node, depth)
      continue
    }
    flush()
    const inside = children(node)
    switch (BLOCK[nameOf(node)]) {
      case 'ul':
      case 'ol':
        out.push(entries(node, depth))
        break
      case 'blockquote':
        out.push(indented(paragraphs(inside, depth + 1).join('\n\n'), '> ', '> ').replace(/ +$/gm, ''))
        break
      case 'pre':
        out.push(textIn(node, 0).trimEnd())
        break
      default:
        out.push(...paragraphs(inside, depth + 1))
    }
  }
  flush()
  return out
}

function entries(list: NodeLike, depth: number): string {
  const isNumbered = nameOf(list) === 'OL'
  let number = 0
  return children(list)
    .filter((child) => child.nodeType === ELEMENT)
    .map((child) => {
      const sign = isNumbered ? `${++number}. ` : '- '
      const inside = nameOf(child) === 'LI' ? children(child) : [child]
      return indented(paragraphs(inside, depth + 1).join('\n'), sign, ' '.repeat(sign.length))
    })
    .join('\n')
}

/** Lists, quotes and addresses stay readable without any markup. */
export const textOf = (root: NodeLike): string => paragraphs(children(root), 0).join('\n\n')

/** Lines and paragraphs of a plain text; nothing in it is markup. */
export function htmlFromText(text: string): string {
  return text
    .replace(/\r\n?/g, '\n')
    .split(/\n{2,}/)
    .filter((one) => one.trim())
    .map((one) => `<p>${escaped(one.replace(/^\n+|\n+$/g, '')).replace(/\n/g, '<br>')}</p>`)
    .join('')
}
