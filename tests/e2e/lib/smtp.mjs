// An SMTP server on a free loopback port that takes everything, for browser tests in which mails go out: in the clear, any login.
import { createServer } from 'node:net'

export class Smtp {
  /** What it took: {to: [addresses], text: the mail as it came}. */
  mails = []
  /** Addresses whose mailbox is full for now. */
  full = new Set()

  async start() {
    this.server = createServer((socket) => this.talk(socket))
    await new Promise((resolve) => this.server.listen(0, '127.0.0.1', resolve))
    this.port = this.server.address().port
    return this
  }
  stop() {
    this.server.close()
  }

  talk(socket) {
    let waiting = ''
    let to = []
    let isMail = false
    socket.on('error', () => undefined)
    socket.write('220 mx.example.com ESMTP\r\n')
    socket.on('data', (chunk) => {
      waiting += chunk.toString('latin1')
      for (;;) {
        const end = waiting.indexOf(isMail ? '\r\n.\r\n' : '\r\n')
        if (end < 0) return
        const said = waiting.slice(0, end)
        waiting = waiting.slice(end + (isMail ? 5 : 2))
        if (isMail) {
          this.mails.push({ to, text: said })
          isMail = false
          to = []
          socket.write('250 2.0.0 queued\r\n')
          continue
        }
        const word = said.slice(0, 4).toUpperCase()
        const recipient = word === 'RCPT' ? /<(.*?)>/.exec(said)[1] : ''
        if (this.full.has(recipient)) {
          socket.write('452 4.2.2 Mailbox full\r\n')
          continue
        }
        if (recipient) to.push(recipient)
        isMail = word === 'DATA'
        if (word === 'QUIT') return socket.end('221 2.0.0 bye\r\n')
        socket.write(word === 'EHLO' ? '250-mx.example.com\r\n250-AUTH PLAIN\r\n250 8BITMIME\r\n' : word === 'AUTH' ? '235 2.7.0 ok\r\n' : isMail ? '354 go\r\n' : '250 2.0.0 ok\r\n')
      }
    })
  }
}

/** A header of a mail; folded lines are one. */
export function header(mail, name) {
  const head = mail.text.slice(0, mail.text.indexOf('\r\n\r\n')).replaceAll(/\r\n[ \t]+/g, ' ')
  return new RegExp(`^${name}: (.*)$`, 'im').exec(head)?.[1] ?? ''
}

/** What it says, without the transfer encoding's line ends. */
export const body = (mail) => mail.text.slice(mail.text.indexOf('\r\n\r\n') + 4).replaceAll('=\r\n', '').replaceAll('=3D', '=')
