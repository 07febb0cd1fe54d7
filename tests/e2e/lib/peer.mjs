// An HTTP server on a free loopback port that plays a network for a browser test: what each one answers is its own (`answer`).
import { createServer } from 'node:http'

export class Peer {
  /** What it was asked, newest last; what is kept of it is the network's own choice. */
  asked = []

  async start() {
    this.server = createServer((request, response) => {
      const chunks = []
      request.on('data', (chunk) => chunks.push(chunk))
      request.on('end', () => this.answer(request, Buffer.concat(chunks).toString(), response))
    })
    await new Promise((resolve) => this.server.listen(0, '127.0.0.1', resolve))
    this.url = `http://127.0.0.1:${this.server.address().port}`
    return this
  }
  stop() {
    this.server.close()
    this.server.closeAllConnections?.()
  }
}
