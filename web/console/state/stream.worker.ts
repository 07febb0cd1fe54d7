// One event stream for all tabs of a browser: a SharedWorker holds it and tells every tab.
import { LiveStream, type StreamState } from '../lib/sse'
import type { LiveEvent } from '../lib/types'

export type ToWorker = { type: 'join'; session: string } | { type: 'leave' } | { type: 'nudge' } | { type: 'stop' }
export type FromWorker = { type: 'event'; event: LiveEvent } | { type: 'state'; state: StreamState }

const ports = new Set<MessagePort>()
let session = ''
let state: StreamState = 'connecting'

function tell(message: FromWorker): void {
  for (const port of ports) port.postMessage(message)
}

const stream = new LiveStream('/api/v1/stream', {
  onEvent: (event) => tell({ type: 'event', event }),
  onState(next) {
    state = next
    tell({ type: 'state', state })
  },
})

function stop(): void {
  stream.stop()
  state = 'connecting'
}

function receive(port: MessagePort, message: ToWorker): void {
  switch (message.type) {
    case 'join':
      ports.add(port)
      if (message.session !== session || state === 'refused') {
        stop()
        session = message.session
      }
      port.postMessage({ type: 'state', state } satisfies FromWorker)
      if (state === 'live') port.postMessage({ type: 'event', event: { type: 'hello', data: { joined: true } } } satisfies FromWorker)
      stream.start()
      break
    case 'leave':
      ports.delete(port)
      if (ports.size === 0) stop()
      break
    case 'nudge':
      stream.nudge()
      break
    case 'stop':
      session = ''
      ports.delete(port)
      stop()
      break
  }
}

addEventListener('connect', (event) => {
  const port = (event as MessageEvent).ports[0]
  if (!port) return
  port.onmessage = (message: MessageEvent<ToWorker>) => receive(port, message.data)
})
