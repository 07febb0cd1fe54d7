// A page in its own file, fetched when first shown; failing to fetch (a new version was installed) offers a reload.
import { h, type FunctionComponent } from 'preact'
import { useEffect, useState } from 'preact/hooks'
import { t } from '../lib/i18n'
import { Problem, Spinner } from './parts'

const loaded = new Map<() => Promise<FunctionComponent>, FunctionComponent>()

export function Lazy({ load, isPage }: { load: () => Promise<FunctionComponent>; isPage?: boolean }) {
  const [, redraw] = useState(0)
  const [hasFailed, setFailed] = useState(false)
  const Found = loaded.get(load)
  useEffect(() => {
    if (loaded.has(load)) return
    let isGone = false
    setFailed(false)
    load().then(
      (component) => {
        loaded.set(load, component)
        if (!isGone) redraw((count) => count + 1)
      },
      () => {
        if (!isGone) setFailed(true)
      },
    )
    return () => {
      isGone = true
    }
  }, [load])
  if (Found) return <Found />
  const waiting = hasFailed ? <Problem text={t('error.chunk')} onRetry={() => location.reload()} /> : <Spinner />
  return isPage ? <main id="main" class="lazy">{waiting}</main> : <div class="lazy">{waiting}</div>
}

/** The same for a part of a page, with its properties; nothing shows until it is there. */
export function lazyPart<P extends object>(load: () => Promise<FunctionComponent<P>>): FunctionComponent<P> {
  let found: FunctionComponent<P> | null = null
  return function LazyPart(props: P) {
    const [, redraw] = useState(0)
    const [hasFailed, setFailed] = useState(false)
    useEffect(() => {
      let isGone = false
      const end = (): void => void (isGone = true)
      if (!found) load().then((component) => {
        found = component
        if (!isGone) redraw(1)
      }, () => void (isGone || setFailed(true)))
      return end
    }, [])
    const Found = found
    if (Found) return h(Found, props)
    return hasFailed ? <Problem text={t('error.chunk')} onRetry={() => location.reload()} /> : null
  }
}
