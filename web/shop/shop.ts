// The demo shop: a page as a customer of Seva would have it, so that the widget is tried where it will
// live. Self-contained; the only thing it takes from Seva is what any site takes: the loader's script.
import { loadShop, shopLocales, type ShopLocale, type ShopMessages } from '../shared/gen/shop'
import { directionOf, makeTranslator, type Translate } from '../shared/messages'
import './shop.css'

type Art = [tag: 'path' | 'circle' | 'rect', className: string, attributes: Record<string, string>][]

const PRODUCTS: { key: 'pot' | 'cup' | 'tea' | 'bowl' | 'candle' | 'cloth'; price: number; art: Art }[] = [
  { key: 'pot', price: 68, art: [
    ['path', 'blue', { d: 'M62 92c0-22 26-34 58-34s58 12 58 34c0 38-20 66-58 66S62 130 62 92z' }],
    ['path', 'line', { d: 'M64 104c-32-10-44 6-36 28s30 20 44 12M176 98c18 0 24-20 40-24M104 60c0-12 32-12 32 0' }],
    ['path', 'light', { d: 'M66 108c18 16 30-6 48 10s34-14 62-6' }]] },
  { key: 'cup', price: 34, art: [
    ['path', 'sand', { d: 'M40 80h70l-6 56c-2 12-56 12-58 0z' }], ['path', 'line', { d: 'M108 92c24-4 24 30-2 30' }],
    ['path', 'rust', { d: 'M130 96h66l-6 46c-2 12-52 12-54 0z' }], ['path', 'line', { d: 'M194 106c22-4 22 26-2 26' }]] },
  { key: 'tea', price: 21, art: [
    ['rect', 'green', { x: '78', y: '52', width: '84', height: '108', rx: '10' }], ['rect', 'cream', { x: '78', y: '86', width: '84', height: '44' }],
    ['path', 'leaf', { d: 'M120 124c-22-6-22-24 0-32 22 8 22 26 0 32zM120 92v32' }], ['rect', 'sand', { x: '72', y: '44', width: '96', height: '16', rx: '6' }]] },
  { key: 'bowl', price: 29, art: [
    ['path', 'sand', { d: 'M48 88h144c0 44-30 66-72 66s-72-22-72-66z' }], ['path', 'light', { d: 'M52 100c26 16 44-4 68 6s44-10 68-4' }], ['rect', 'rust', { x: '92', y: '150', width: '56', height: '10', rx: '4' }]] },
  { key: 'candle', price: 18, art: [
    ['rect', 'yellow', { x: '92', y: '82', width: '56', height: '80', rx: '8' }], ['path', 'line', { d: 'M120 82V70' }], ['path', 'rust', { d: 'M120 70c-14-12-4-24 0-34 4 10 14 22 0 34z' }]] },
  { key: 'cloth', price: 16, art: [
    ['path', 'cream', { d: 'M74 44h92v112l-14 8-16-8-16 8-16-8-16 8-14-8z' }], ['path', 'stripe', { d: 'M74 66h92M74 76h92M74 128h92' }]] },
]

const SVG = 'http://www.w3.org/2000/svg'
const byId = <E extends HTMLElement>(id: string) => document.getElementById(id) as E
let t: Translate<ShopMessages>
let locale: ShopLocale = 'en'
let count = 0

function drawArt(art: Art): SVGSVGElement {
  const svg = document.createElementNS(SVG, 'svg')
  svg.setAttribute('viewBox', '0 0 240 200')
  svg.setAttribute('aria-hidden', 'true')
  for (const [tag, className, attributes] of art) {
    const shape = document.createElementNS(SVG, tag)
    shape.setAttribute('class', className)
    for (const [name, value] of Object.entries(attributes)) shape.setAttribute(name, value)
    svg.append(shape)
  }
  return svg
}

function drawProducts(): void {
  const price = new Intl.NumberFormat(locale, { style: 'currency', currency: 'EUR', maximumFractionDigits: 0 })
  byId('products').replaceChildren(
    ...PRODUCTS.map((product) => {
      const item = document.createElement('li')
      const title = document.createElement('h3')
      const text = document.createElement('p')
      const cost = document.createElement('strong')
      const add = document.createElement('button')
      const name = t(`product.${product.key}`)
      title.textContent = name
      text.textContent = t(`product.${product.key}.text`)
      cost.textContent = price.format(product.price)
      add.type = 'button'
      add.textContent = t('product.add')
      add.setAttribute('aria-label', `${t('product.add')}: ${name}`)
      add.addEventListener('click', () => {
        count++
        drawBasket()
        byId('said').textContent = t('product.added', { name })
      })
      item.append(drawArt(product.art), title, text, cost, add)
      return item
    }),
  )
}

function drawBasket(): void {
  byId('basket').textContent = t('nav.cart', { count })
}

async function show(wanted: string): Promise<void> {
  locale = shopLocales.find((name) => name === wanted) ?? 'en'
  t = makeTranslator(locale, (await loadShop[locale]()).messages)
  document.documentElement.lang = locale
  document.documentElement.dir = directionOf(locale)
  document.title = t('page.title')
  for (const element of document.querySelectorAll<HTMLElement>('[data-t]')) {
    element.textContent = (t as (key: string) => string)(element.dataset['t'] as string)
  }
  drawProducts()
  drawBasket()
}

/** Exactly the snippet of the channel's settings, with the key that the server wrote into config.js. */
function embedChat(): void {
  const channel = (window as { shopConfig?: { channel?: string } }).shopConfig?.channel
  if (!channel) return
  const script = document.createElement('script')
  script.src = '/widget/loader.js'
  script.async = true
  script.dataset['channel'] = channel
  script.dataset['locale'] = locale
  document.head.append(script)
}

async function main(): Promise<void> {
  const select = byId<HTMLSelectElement>('language')
  const asked = new URLSearchParams(location.search).get('lang') ?? navigator.language.split('-')[0] ?? 'en'
  for (const name of shopLocales) {
    const option = new Option(new Intl.DisplayNames([name], { type: 'language' }).of(name) ?? name, name)
    option.lang = name
    select.append(option)
  }
  await show(asked)
  select.value = locale
  // The chat speaks the page's language from its load on, so another language is another load.
  select.addEventListener('change', () => location.assign(`?lang=${select.value}`))
  byId('chat').addEventListener('click', () => (window as { Seva?: { open(): void } }).Seva?.open())
  embedChat()
}

void main()
