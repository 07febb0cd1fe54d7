// Who is signed in: the start of the console, signing in and out, and one's own settings.
import { batch, signal } from '@preact/signals'
import { call, get, post, setCsrf, whenSignedOut } from '../lib/api'
import { pickLocale, setLocale } from '../lib/i18n'
import { inTurn } from '../lib/in_turn'
import type { Agent, MySettings, Session } from '../lib/types'
import { startCalls } from './calls'
import { flushDrafts, forgetOldDrafts, leaveDrafts, startDrafts } from './drafts'
import { loadCounts } from './lists'
import { leaveLive, nudgeLive, reloadAll, startLive, stopLive } from './live'
import { changeLook, look } from './look'
import { Unanswered } from './order'
import { refreshReference } from './reference'
import { startOutbox } from './sending'
import { forgetEverything, me, mySettings, session } from './store'
import { startTabs } from './tabs'
import { complain } from './toasts'
import type { SignIn } from '../../shared/api/types'

/** unknown: asking the server; out: the sign-in page; in: the console. */
export const door = signal<'unknown' | 'out' | 'in' | 'unreachable'>('unknown')
/** True when the session ended under the agent's hands: sign-in is asked for on top, nothing written is lost. */
export const wasSignedOut = signal(false)

let hasStarted = false

export async function enter(next: Session): Promise<void> {
  setCsrf(next.csrf)
  const before = session.peek()
  // Somebody else signs in where a session had ended: nothing of it is theirs.
  if (before && before.agent.id !== next.agent.id) {
    flushDrafts()
    forgetEverything()
  }
  const settings = next.agent.settings ?? {}
  batch(() => {
    session.value = next
    wasSignedOut.value = false
    changeLook({
      ...(settings.theme ? { theme: settings.theme } : {}),
      ...(settings.contrast ? { contrast: settings.contrast } : {}),
      ...(settings.density ? { density: settings.density } : {}),
    })
  })
  await setLocale(pickLocale([next.agent.locale, ...navigator.languages]))
  door.value = 'in'
  refreshReference()
  loadCounts().catch(() => undefined)
  startLive()
  if (!hasStarted) {
    hasStarted = true
    forgetOldDrafts()
    startDrafts()
    startOutbox()
    startTabs()
    startCalls()
    watchPage()
  }
}

function watchPage(): void {
  addEventListener('pagehide', () => {
    flushDrafts()
    leaveLive()
  })
  addEventListener('pageshow', (event) => {
    if (!event.persisted) return
    startLive()
    reloadAll()
  })
  addEventListener('online', nudgeLive)
}

export async function start(): Promise<void> {
  whenSignedOut(() => {
    if (door.peek() !== 'in') return
    wasSignedOut.value = true
    door.value = 'out'
    stopLive()
  })
  try {
    await enter(await get<Session>('/session'))
  } catch (error) {
    const status = (error as { status?: number }).status
    door.value = status === 401 || status === 403 ? 'out' : 'unreachable'
  }
}

export async function signIn(credentials: SignIn): Promise<void> {
  await enter(await post<Session>('/session', credentials))
}

export async function signOut(): Promise<void> {
  await leaveDrafts()
  stopLive()
  await call('DELETE', '/session').catch(() => undefined)
  forgetEverything()
  door.value = 'out'
}

const unanswered = new Unanswered<Agent>()

export async function changeMe(change: Partial<Pick<Agent, 'name' | 'introduction' | 'locale' | 'time_zone' | 'availability' | 'phone'>> & { settings?: MySettings }): Promise<void> {
  const old = me.peek()
  if (!old) return
  const show = (agent: Agent | undefined): void => {
    const now = session.peek()
    if (agent && now?.agent.id === agent.id) session.value = { ...now, agent }
  }
  show(unanswered.begin(old, change))
  try {
    // keepalive: a choice made right before the page goes is kept all the same.
    const next = await inTurn('me', () => call<Agent>('PATCH', '/me', { body: change, keepalive: true }))
    unanswered.amend(old.id, next)
  } finally {
    show(unanswered.end(old.id, change))
  }
}

/** What another call than `changeMe` has changed. */
export function setMe(change: Partial<Agent>): void {
  const now = session.peek()
  if (!now) return
  unanswered.amend(now.agent.id, change)
  session.value = { ...now, agent: { ...now.agent, ...change } }
}

export function changeSettings(change: Partial<MySettings>): void {
  changeMe({ settings: { ...mySettings.peek(), ...change } }).catch(complain)
}

export function setAppearance(change: Pick<Partial<MySettings>, 'theme' | 'contrast' | 'density'>): void {
  changeLook(change)
  if (me.peek()) changeSettings(change)
}

export function cycleTheme(): void {
  const order = ['auto', 'light', 'dark'] as const
  setAppearance({ theme: order[(order.indexOf(look.peek().theme) + 1) % order.length] ?? 'auto' })
}
