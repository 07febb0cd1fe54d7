// Telling colleagues that this agent looks at a conversation or writes in it. Ephemeral: repeated while true, forgotten by the server after ten seconds.
import { call } from '../lib/api'
import type { Id } from '../lib/types'

const REPEAT_MS = 7000
const TYPING_EVERY_MS = 3500

let current: Id | null = null
let timer: ReturnType<typeof setInterval> | null = null
let typedAt = 0
let lastTyping = 0

function say(id: Id, state: 'viewing' | 'typing' | 'left', keepalive = false): void {
  call('POST', `/conversations/${id}/presence`, { body: { state }, keepalive }).catch(() => undefined)
}

function beat(): void {
  if (!current || document.visibilityState !== 'visible') return
  say(current, Date.now() - typedAt < REPEAT_MS ? 'typing' : 'viewing')
}

export function enterConversation(id: Id | null): void {
  if (id === current) return
  if (current) say(current, 'left', true)
  current = id
  lastTyping = 0
  typedAt = 0
  if (timer) clearInterval(timer)
  timer = null
  if (!id) return
  beat()
  timer = setInterval(beat, REPEAT_MS)
}

export function noteTyping(): void {
  typedAt = Date.now()
  if (!current || typedAt - lastTyping < TYPING_EVERY_MS) return
  lastTyping = typedAt
  say(current, 'typing')
}

export function noteStopped(): void {
  typedAt = 0
  if (current) say(current, 'viewing')
}
