// Starts a real seva for a browser test: a fresh data folder, a free port, an owner, a website-chat and an API channel.
// The binary comes from SEVA_BIN. Nothing here knows the pages; see browser.mjs for that.
import { spawn, execFile } from 'node:child_process'
import { randomInt, randomUUID } from 'node:crypto'
import { createServer } from 'node:net'
import { mkdtemp, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { promisify } from 'node:util'

const run = promisify(execFile)
export const OWNER = { email: 'owner@example.org', password: 'correct horse battery staple', name: 'Ada Lindqvist' }
/** How long anything may take before it counts as not happening: long, because nothing here is about speed. */
export const PATIENCE_MS = 60_000

export const sevaBinary = () => process.env.SEVA_BIN ?? ''

/** Why the browser tests cannot run here, or false. For node:test's `skip`. */
export function reasonToSkip() {
  return sevaBinary() ? false : 'SEVA_BIN does not name a seva binary'
}

/** For a server that ends and comes back on it: below the ports that the system gives to outgoing connections, one of which could have it in between. */
export async function freePort() {
  for (;;) {
    const port = randomInt(15_000, 32_000)
    const isFree = await new Promise((resolve) => {
      const server = createServer()
      server.once('error', () => resolve(false))
      server.listen(port, '127.0.0.1', () => server.close(() => resolve(true)))
    })
    if (isFree) return port
  }
}

/** Waits until `check` is true. */
export async function until(check, what, ms = PATIENCE_MS) {
  const end = Date.now() + ms
  for (;;) {
    try {
      if (await check()) return
    } catch {
      // Not yet: what is asked may still be starting.
    }
    if (Date.now() > end) throw new Error(`${what} did not happen within ${ms} ms`)
    await new Promise((resolve) => setTimeout(resolve, 25))
  }
}

export class Seva {
  constructor(folder, port, made) {
    this.folder = folder
    this.port = port
    this.url = `http://127.0.0.1:${port}`
    this.made = made
    this.token = made.token
    this.widget = made.channels.find((one) => one.kind === 'widget')
    this.api = made.channels.find((one) => one.kind === 'api')
    this.child = null
    this.log = ''
  }

  async start() {
    // Nothing stands before it that would have to hear of its end: it does not wait for that.
    const options = ['--listen', `127.0.0.1:${this.port}`, '--drain-delay', '0', ...(this.options ?? [])]
    this.child = spawn(sevaBinary(), ['serve', '--data', join(this.folder, 'data'), ...options], {
      stdio: ['ignore', 'pipe', 'pipe'],
      env: { ...process.env, SEVA_BASE_URL: this.url },
    })
    const keep = (chunk) => {
      this.log = (this.log + chunk).slice(-20_000)
    }
    this.child.stdout.on('data', keep)
    this.child.stderr.on('data', keep)
    const exited = new Promise((resolve) => this.child.once('exit', resolve))
    await Promise.race([
      until(async () => (await fetch(this.url + '/readyz')).ok, 'seva becoming ready'),
      exited.then((code) => {
        throw new Error(`seva ended with ${code} before it was ready:\n${this.log}`)
      }),
    ])
    return this
  }

  async end(signal) {
    if (!this.child || this.child.exitCode !== null) return
    const exited = new Promise((resolve) => this.child.once('exit', resolve))
    this.child.kill(signal)
    await exited
    this.child = null
  }
  /** Pulls the plug: kill -9. `start()` brings it back on the same port and data. */
  kill() {
    return this.end('SIGKILL')
  }
  async stop() {
    await this.end('SIGTERM')
    await rm(this.folder, { recursive: true, force: true })
  }

  /** The cookie of a signed-in agent and the word that goes with it: one session per agent and server, for tests that are not about the door. */
  async session(who = OWNER) {
    this.sessions ??= new Map()
    if (!this.sessions.has(who.email)) {
      const response = await fetch(this.url + '/api/v1/session', {
        method: 'POST',
        headers: { 'Content-Type': 'application/json', Origin: this.url },
        body: JSON.stringify({ email: who.email, password: who.password }),
      })
      if (!response.ok) throw new Error(`signing in ${who.email}: ${response.status} ${await response.text()}`)
      const [name, value] = response.headers.get('set-cookie').split(';')[0].split('=')
      this.sessions.set(who.email, { name, value, csrf: (await response.json()).csrf })
    }
    return this.sessions.get(who.email)
  }

  /** A call as an agent makes it from the console (a token would act under its own name). */
  async as(who, method, path, body) {
    const { name, value, csrf } = await this.session(who)
    const response = await fetch(`${this.url}/api/v1${path}`, {
      method,
      headers: { 'Content-Type': 'application/json', Origin: this.url, Cookie: `${name}=${value}`, 'X-Seva-CSRF': csrf },
      ...(body === undefined ? {} : { body: JSON.stringify(body) }),
    })
    const text = await response.text()
    if (!response.ok) throw new Error(`${method} ${path}: ${response.status} ${text}`)
    return text ? JSON.parse(text) : undefined
  }

  /** A call with the owner's token. Returns the parsed body; throws on a refusal. */
  async call(method, path, body, headers = {}) {
    const response = await fetch(this.url + '/api/v1' + path, {
      method,
      headers: { Authorization: `Bearer ${this.token}`, ...(body === undefined ? {} : { 'Content-Type': 'application/json' }), ...headers },
      ...(body === undefined ? {} : { body: JSON.stringify(body) }),
    })
    const text = await response.text()
    if (!response.ok) throw new Error(`${method} ${path}: ${response.status} ${text}`)
    return text ? JSON.parse(text) : undefined
  }

  /** A message from a customer through the API channel, as a machine with the owner's token sends it. */
  inbound(contact, text, id = randomUUID()) {
    return this.call('POST', `/channels/${this.api.id}/inbound`, { messages: [{ id, contact, text }] }, { 'Idempotency-Key': id })
  }

  /** Waits until the account's list holds a conversation for which `test` is true, and returns it. */
  async conversation(test) {
    let found
    await until(async () => {
      const page = await this.call('GET', '/conversations?status=open,pending,snoozed,resolved&sort=newest&limit=200')
      found = page.items.find(test)
      return found !== undefined
    }, 'the conversation appearing')
    return found
  }
  async messages(conversation) {
    return (await this.call('GET', `/conversations/${conversation}/messages?limit=200`)).items
  }

  /** One more agent, with a password, signed in by nobody yet. */
  async agent(name, role, password = OWNER.password) {
    const email = name.toLowerCase().replaceAll(/[^a-z]+/g, '.') + '@example.org'
    const { agent, link } = await this.call('POST', '/agents', { email, name, role })
    const token = link.url.split('/').pop()
    const answer = await fetch(`${this.url}/api/v1/links/${token}`, {
      method: 'POST',
      headers: { 'Content-Type': 'application/json', Origin: this.url },
      body: JSON.stringify({ password, name }),
    })
    if (!answer.ok) throw new Error(`link of ${email}: ${answer.status} ${await answer.text()}`)
    return { ...agent, email, password }
  }
}

/** A fresh seva that serves; `options` are further arguments of serve. */
export async function startSeva(options = []) {
  const folder = await mkdtemp(join(tmpdir(), 'seva-e2e-'))
  const password = join(folder, 'password')
  await writeFile(password, OWNER.password)
  const { stdout } = await run(sevaBinary(), ['init', '--data', join(folder, 'data'), '--owner', OWNER.email, '--password-file', password, '--name', OWNER.name, '--json'])
  const seva = new Seva(folder, await freePort(), JSON.parse(stdout))
  seva.options = options
  try {
    return await seva.start()
  } catch (error) {
    await seva.stop()
    throw error
  }
}
