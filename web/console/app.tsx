// The frame of the console: the door (sign-in) or the rail with the page beside it, and the layers above.
import { useEffect } from 'preact/hooks'
import { Inbox } from './inbox/inbox'
import { Palette } from './palette/palette'
import { Picker } from './palette/picker'
import { Rail } from './shell/rail'
import { Banner } from './shell/banner'
import { Toasts } from './shell/toasts'
import { Lazy, lazyPart } from './ui/lazy'
import { Button, Spinner } from './ui/parts'
import { page, route } from './lib/router'
import { t } from './lib/i18n'
import { myCall } from './state/calls'
import { overlay } from './state/overlays'
import { size } from './state/look'
import { door, start } from './state/session'

const SignIn = lazyPart(() => import('./auth/sign_in').then((module) => module.SignIn))
const ImageView = lazyPart(() => import('./conversation/image_view').then((module) => module.ImageView))
const Sheet = lazyPart(() => import('./palette/sheet').then((module) => module.Sheet))
const Notices = lazyPart(() => import('./shell/notices').then((module) => module.Notices))
const SaveView = lazyPart(() => import('./inbox/save_view').then((module) => module.SaveView))
const LinkPage = lazyPart(() => import('./auth/link_page').then((module) => module.LinkPage))

const loadSettings = () => import('./settings/settings').then((module) => module.Settings)
const loadContacts = () => import('./contact/contacts_page').then((module) => module.ContactsPage)
const loadGuide = () => import('./guide/guide').then((module) => module.Guide)
const networkWords = () => import('./lib/network_words').then((module) => module.networkWords())
const loadCapture = () => Promise.all([import('./capture/capture_page'), networkWords()]).then(([module]) => module.CapturePage)
const loadCalls = () => Promise.all([import('./calls/calls_page'), networkWords()]).then(([module]) => module.CallsPage)
const loadSearch = () => Promise.all([import('./search/search_page'), import('./search/words').then((module) => module.searchWords())]).then(([module]) => module.SearchPage)
const loadDock = () => Promise.all([import('./calls/dock'), networkWords()]).then(([module]) => module.CallDock)
const loadForward = () => import('./mail/forward').then((module) => module.ForwardDialog)
const loadTemplate = () => Promise.all([import('./conversation/template_picker'), networkWords()]).then(([module]) => module.TemplatePicker)
const loadMove = () => Promise.all([import('./palette/move_picker'), networkWords()]).then(([module]) => module.MovePicker)
const loadStart = () => Promise.all([import('./contact/start_conversation'), networkWords()]).then(([module]) => module.StartConversation)

function Page() {
  switch (page.value) {
    case 'inbox':
    case 'link': // stands before the door
      return <Inbox />
    case 'contacts':
      return <Lazy isPage load={loadContacts} />
    case 'settings':
      return <Lazy isPage load={loadSettings} />
    case 'guide':
      return <Lazy isPage load={loadGuide} />
    case 'calls':
      return <Lazy isPage load={loadCalls} />
    case 'search':
      return <Lazy isPage load={loadSearch} />
    case 'capture':
      return <Lazy isPage load={loadCapture} />
  }
}

function Layer() {
  const layer = overlay.value
  switch (layer?.kind) {
    case 'palette':
      return <Palette />
    case 'sheet':
      return <Sheet />
    case 'pick':
      return <Picker key={layer.what} what={layer.what} ids={layer.ids} />
    case 'notices':
      return <Notices />
    case 'saveView':
      return <SaveView />
    case 'image':
      return <ImageView url={layer.url} name={layer.name} />
    case 'startConversation':
      return <Lazy load={loadStart} />
    case 'forward':
      return <Lazy load={loadForward} />
    case 'template':
      return <Lazy load={loadTemplate} />
    case 'move':
      return <Lazy load={loadMove} />
    case undefined:
      return null
  }
}

export function App() {
  useEffect(() => {
    document.documentElement.dataset['size'] = size.value
  }, [size.value])
  if (page.value === 'link') return <LinkPage token={route.value.page === 'link' ? route.value.token : ''} />
  switch (door.value) {
    case 'unknown':
      return (
        <div class="door">
          <Spinner />
        </div>
      )
    case 'unreachable':
      return (
        <div class="door">
          <p role="alert">{t('door.unreachable')}</p>
          <Button icon="refresh" onClick={() => void start()}>
            {t('common.retry')}
          </Button>
        </div>
      )
    case 'out':
      return (
        <>
          <SignIn />
          <Toasts />
        </>
      )
    case 'in':
      return (
        <div class="frame">
          <a class="skip" href="#main">
            {t('nav.skip')}
          </a>
          <Rail />
          <div class="frame-page">
            <Banner />
            <Page />
          </div>
          {myCall.value ? <Lazy load={loadDock} /> : null}
          <Layer />
          <Toasts />
        </div>
      )
  }
}
