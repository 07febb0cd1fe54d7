// A page in its own file, fetched when first shown; failing to fetch (a new version was installed) offers a reload.
import type { FunctionComponent } from 'preact'
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
