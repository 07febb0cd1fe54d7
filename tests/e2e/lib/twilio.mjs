// Twilio for a browser test: its list of numbers, calls and recordings over HTTP, and the requests it makes when somebody calls, signed as it signs.
import { createHmac } from 'node:crypto'
import { Peer } from './peer.mjs'

export const NUMBER = '+15550001111'
export const ACCOUNT = 'AC' + '0'.repeat(31) + '1'
export const TOKEN = 'a-token-of-twilio'
/** Two seconds of silence. */
const WAV = Buffer.concat([Buffer.from('524946462480000057415645666d74201000000001000100401f0000803e0000020010006461746100800000', 'hex'), Buffer.alloc(32_768)])
const sid = (kind, number) => kind + String(number).padStart(32, '0')

/** asked: { method, path, form } */
export class Twilio extends Peer {
  number = 0

  options() {
    return ['--network-hosts', `voice.api=${this.url}`, '--egress-allow', 'network=127.0.0.0/8;media=127.0.0.0/8']
  }
  settings(ivr) {
    return { account_sid: ACCOUNT, auth_token: TOKEN, number: NUMBER, ...(ivr ? { ivr } : {}) }
  }

  answer(request, body, response) {
    const form = new URLSearchParams(body)
    const path = request.url.split('?')[0]
    this.asked.push({ method: request.method, path, form: Object.fromEntries(form) })
    if (/\/Recordings\/RE\d+(\.mp3|\.wav)?$/.test(path)) {
      response.setHeader('Content-Type', 'audio/wav')
      response.end(WAV)
      return
    }
    response.setHeader('Content-Type', 'application/json')
    const number = { sid: sid('PN', 1), phone_number: NUMBER, friendly_name: 'Desk', voice_url: this.hook ?? 'https://elsewhere.example/', capabilities: { voice: true } }
    if (path.includes('/Recordings/')) response.end(JSON.stringify({ sid: 'RE', status: 'completed' }))
    else if (path.endsWith('/Calls.json')) response.end(JSON.stringify({ sid: (this.made = sid('CA', ++this.number)), status: 'queued' }))
    else if (path.includes('/Calls/')) response.end(JSON.stringify({ sid: 'CA', status: 'in-progress' }))
    else response.end(JSON.stringify(request.method === 'GET' ? { incoming_phone_numbers: [number] } : number))
  }

  /** A new call from `from`: its name at Twilio. */
  caller(from, name = '') {
    return { CallSid: sid('CA', ++this.number), AccountSid: ACCOUNT, From: from, To: NUMBER, Direction: 'inbound', ApiVersion: '2010-04-01', CallStatus: 'ringing', ...(name ? { CallerName: name } : {}) }
  }
  /** One request of Twilio's to the channel; `step` as in the addresses that the channel gives. */
  async tell(hook, call, step = '', more = {}) {
    const address = hook + (step ? '?step=' + step : '')
    const fields = { ...call, ...more }
    const words = address + Object.keys(fields).sort().map((name) => name + fields[name]).join('')
    const signature = createHmac('sha1', TOKEN).update(words).digest('base64')
    const response = await fetch(address, { method: 'POST', headers: { 'Content-Type': 'application/x-www-form-urlencoded', 'X-Twilio-Signature': signature }, body: new URLSearchParams(fields) })
    if (!response.ok) throw new Error(`hook ${step}: ${response.status} ${await response.text()}`)
    return response.text()
  }
}
