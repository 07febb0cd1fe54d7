// The console starts here: words first, then who is signed in, then the page.
import './style/tokens.css'
import './style/base.css'
import './style/shell.css'
import './style/inbox.css'
import './style/conversation.css'
import { render } from 'preact'
import { App } from './app'
import { pickLocale, setLocale } from './lib/i18n'
import { startRouter } from './lib/router'
import { startKeys } from './state/commands'
import { startLook } from './state/look'
import { startShown } from './state/shown'
import { startTitle } from './state/notify'
import { start } from './state/session'

async function main(): Promise<void> {
  startLook()
  startRouter()
  startShown()
  const stored = document.documentElement.lang
  await setLocale(pickLocale([localStorage.getItem('seva.look') ? stored : null, ...navigator.languages]))
  startKeys()
  startTitle()
  const root = document.getElementById('app')
  if (root) render(<App />, root)
  await start()
}

void main()
