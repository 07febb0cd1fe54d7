// The simulated networks for a browser test: seva-sim as the peer that a seva's channels call. The binary comes from SEVA_SIM_BIN.
import { spawn } from 'node:child_process'
import { randomUUID } from 'node:crypto'
import { createInterface } from 'node:readline'

export const simBinary = () => process.env.SEVA_SIM_BIN ?? ''

export class Networks {
  constructor(child, url, control) {
    this.child = child
    this.url = url
    this.control = control
  }

  /** What a seva must be started with so that it calls these networks; `hosts` are the names of the base addresses: { telegram: 'api' }. */
  options(hosts) {
    const rules = Object.entries(hosts).map(([network, name]) => `${network}.${name}=${this.url}/${network}/${name}`)
    return ['--network-hosts', rules.join(';'), '--egress-allow', 'network=127.0.0.0/8;media=127.0.0.0/8']
  }

  async call(method, path, body) {
    const response = await fetch(`${this.url}/_sim/${path}`, {
      method,
      headers: { Authorization: `Bearer ${this.control}`, 'Content-Type': 'application/json' },
      ...(body === undefined ? {} : { body: JSON.stringify(body) }),
    })
    const text = await response.text()
    if (!response.ok) throw new Error(`${method} ${path}: ${response.status} ${text}`)
    return text ? JSON.parse(text) : undefined
  }
  /** A customer does something on a network; see sim/README.md. */
  say(network, what) {
    return this.call('POST', `${network}/say`, what)
  }
  account(network) {
    return this.call('GET', `accounts?network=${network}`).then((answer) => (answer.accounts ?? answer.items ?? answer)[0])
  }
  /** What the network took from us as messages. */
  async taken(network) {
    const answer = await this.call('GET', `ledger?network=${network}&kind=message`)
    return answer.entries ?? answer.items ?? []
  }

  async stop() {
    if (this.child.exitCode !== null) return
    const exited = new Promise((resolve) => this.child.once('exit', resolve))
    this.child.kill('SIGTERM')
    await exited
  }
}

export async function startNetworks() {
  const control = randomUUID()
  const child = spawn(simBinary(), ['networks', '--listen', '127.0.0.1:0', '--control', control], { stdio: ['ignore', 'pipe', 'inherit'] })
  const url = await new Promise((resolve, reject) => {
    createInterface({ input: child.stdout }).once('line', resolve)
    child.once('exit', (code) => reject(new Error(`seva-sim ended with ${code}`)))
  })
  return new Networks(child, url.trim(), control)
}
