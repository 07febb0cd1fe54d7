// The live test page of a website-chat channel (/widget/test?key=…): embeds the loader as a customer's
// page does, with the key from the address.
import './test_page.css'

const key = new URLSearchParams(location.search).get('key') ?? ''
const byId = (id: string) => document.getElementById(id) as HTMLElement

if (/^[A-Za-z0-9_-]{1,200}$/.test(key)) {
  const script = document.createElement('script')
  const address = '/widget/loader.js'
  const factory = (window as { trustedTypes?: { createPolicy(name: string, rules: object): { createScriptURL(url: string): string } } }).trustedTypes
  script.src = factory ? factory.createPolicy('seva-test', { createScriptURL: (url: string) => url }).createScriptURL(address) : address
  script.async = true
  script.dataset['channel'] = key
  document.head.append(script)
  byId('open').addEventListener('click', () => (window as { Seva?: { open(): void } }).Seva?.open())
} else {
  byId('text').hidden = true
  byId('open').hidden = true
  byId('missing').hidden = false
}
