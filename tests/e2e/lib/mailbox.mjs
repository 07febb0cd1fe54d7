// A real mailbox for a browser test: Dovecot and OpenSMTPD as tests/support starts them, both over TLS. They end with us.
import { spawn } from 'node:child_process'
import { chownSync, readdirSync, readFileSync, renameSync, statSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { createInterface } from 'node:readline'
import { fileURLToPath } from 'node:url'

const support = fileURLToPath(new URL('../../support/', import.meta.url))
export const ADDRESS = 'care@example.com'
export const PASSWORD = 's3cret pass'

/** A program that tells about itself in its first line and ends with its standard input. */
async function service(name) {
  const child = spawn('python3', [join(support, name)], { stdio: ['pipe', 'pipe', 'inherit'] })
  const line = await new Promise((resolve, reject) => {
    createInterface({ input: child.stdout }).once('line', resolve)
    child.once('exit', (code) => reject(new Error(`${name} ended with ${code}`)))
  })
  return { child, line }
}

export class Mailbox {
  #delivered = 0

  async start() {
    this.dovecot = await service('dovecot.py')
    this.smtpd = await service('opensmtpd.py')
    const said = Object.fromEntries(this.dovecot.line.split(' ').map((word) => word.split('=', 2)))
    this.folder = said.folder
    this.imap = { host: '127.0.0.1', port: said.imaps }
    this.smtp = { host: '127.0.0.1', ...JSON.parse(this.smtpd.line) }
    this.authorities = join(this.folder, 'roots.pem')
    writeFileSync(this.authorities, readFileSync(join(this.folder, 'ca.pem'), 'utf8') + readFileSync(this.smtp.ca, 'utf8'))
    return this
  }
  /** What a seva must be started with so that it takes these servers. */
  options() {
    return ['--egress-allow', 'mail=127.0.0.0/8', '--ca-file', this.authorities]
  }

  /** As a mail server delivers it. */
  deliver(bytes) {
    const fresh = join(this.folder, 'mail', ADDRESS, 'new')
    const owner = statSync(fresh)
    const name = `${Math.floor(Date.now() / 1000)}.M${++this.#delivered}P${process.pid}.test`
    const path = join(this.folder, 'mail', ADDRESS, 'tmp', name)
    writeFileSync(path, bytes)
    chownSync(path, owner.uid, owner.gid)
    renameSync(path, join(fresh, name))
  }
  /** The bytes of what OpenSMTPD has delivered to somebody, as text. */
  sent(to) {
    try {
      const folder = join(this.smtp.mail, to, 'new')
      return readdirSync(folder).map((name) => readFileSync(join(folder, name), 'utf8'))
    } catch (error) {
      if (error.code === 'ENOENT') return []
      throw error
    }
  }

  async stop() {
    for (const { child } of [this.smtpd, this.dovecot]) {
      const exited = new Promise((resolve) => child.once('exit', resolve))
      child.stdin.end()
      await exited
    }
  }
}
