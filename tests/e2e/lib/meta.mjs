// Meta's side of "Log in with Facebook" for a browser test: the page that asks the person, the tokens, and the pages that the person manages.
import { Peer } from './peer.mjs'

export const APP = { app_id: '4711', app_secret: 'a-secret-of-meta' }
const PAGES = [
  { id: '101', name: 'Seva Shop', access_token: 'page-token-101', tasks: ['MESSAGING', 'MODERATE'] },
  { id: '102', name: 'সেবা দোকান ঢাকা', access_token: 'page-token-102', tasks: ['MESSAGING'] },
  { id: '103', name: 'Seva Shop Outlet of the Northern Districts and Islands', access_token: 'page-token-103', tasks: ['ANALYZE'] },
]

/** asked: { method, path, token } */
export class Meta extends Peer {
  /** All tokens are refused while it is true. */
  isRefusing = false

  options() {
    const hosts = `facebook.graph=${this.url};facebook.authorize=${this.url}`
    return ['--network-hosts', hosts, '--egress-allow', 'network=127.0.0.0/8;media=127.0.0.0/8;sign_in=127.0.0.0/8']
  }

  answer(request, body, response) {
    const url = new URL(request.url, this.url)
    const query = Object.fromEntries([...url.searchParams, ...new URLSearchParams(body)])
    const token = query.access_token ?? request.headers.authorization?.replace(/^Bearer /, '')
    this.asked.push({ method: request.method, path: url.pathname, token })
    if (url.pathname.endsWith('/dialog/oauth')) {
      const back = (more) => `${query.redirect_uri}?${new URLSearchParams({ ...more, state: query.state })}`
      response.setHeader('Content-Type', 'text/html; charset=utf-8')
      response.end(`<!doctype html><title>Meta</title><a href="${back({ code: 'one-code' }).replaceAll('&', '&amp;')}">Continue</a> <a href="${back({ error: 'access_denied', error_description: 'Permissions error' }).replaceAll('&', '&amp;')}">Cancel</a>`)
      return
    }
    response.setHeader('Content-Type', 'application/json')
    const [status, answer] = this.#graph(request.method, url.pathname.replace(/^\/v[\d.]+/, ''), query, token)
    response.statusCode = status
    response.end(JSON.stringify(answer))
  }

  #graph(method, path, query, token) {
    if (path === '/oauth/access_token') {
      const isGood = query.client_id === APP.app_id && query.client_secret === APP.app_secret && (query.code === 'one-code' || query.fb_exchange_token === 'short')
      return isGood ? [200, { access_token: query.code ? 'short' : 'long', token_type: 'bearer', expires_in: 5_184_000 }] : [400, { error: { message: 'Invalid code.', type: 'OAuthException', code: 100 } }]
    }
    const page = PAGES.find((one) => one.access_token === token)
    if (this.isRefusing || (token !== 'long' && !page)) return [401, { error: { message: 'Error validating access token: The session has been invalidated.', type: 'OAuthException', code: 190, error_subcode: 460 } }]
    if (path === '/me/accounts') return token === 'long' ? [200, { data: PAGES }] : [400, { error: { message: '(#100) Tried accessing nonexisting field (accounts)', type: 'OAuthException', code: 100 } }]
    if (path === '/me') return [200, { id: page?.id ?? '9', name: page?.name ?? 'Ada Lindqvist' }]
    if (path.endsWith('/subscribed_apps')) return [200, method === 'GET' ? { data: [{ id: APP.app_id }] } : { success: true }]
    return [200, { data: [] }]
  }
}
