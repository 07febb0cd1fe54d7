// What the settings' pages share: a title, a list from the server, a secret shown once, a form that saves.
import type { ComponentChildren } from 'preact'
import { useSignal, type Signal } from '@preact/signals'
import { useEffect, useLayoutEffect, useState } from 'preact/hooks'
import { Button, Confirm, Problem, Spinner } from '../ui/parts'
import { ApiError, get, patch, type Query } from '../lib/api'
import { t } from '../lib/i18n'
import { inTurn } from '../lib/in_turn'
import { Latest } from '../lib/latest'
import type { Channel, Id, Page } from '../lib/types'
import { itemsOf } from '../state/reference'
import { errorText, toast } from '../state/toasts'

export function PageTitle({ title, hint, children }: { title: string; hint?: string; children?: ComponentChildren }) {
  return (
    <header class="settings-title">
      <div>
        <h1>{title}</h1>
        {hint ? <p>{hint}</p> : null}
      </div>
      {children}
    </header>
  )
}

export function Section({ title, hint, children }: { title: string; hint?: string; children: ComponentChildren }) {
  return (
    <section class="settings-section">
      <h2>{title}</h2>
      {hint ? <p class="settings-hint">{hint}</p> : null}
      {children}
    </section>
  )
}

export interface Listing<T> { items: Signal<T[] | null>; error: Signal<string | null>; reload: () => Promise<void> }

/** The rows that long lists show here; what grows without end has its own paging. */
export const FIRST_ROWS: Query = { limit: 200 }

/** A list as the server has it now. */
export function useListing<T>(path: string, query: Query = {}): Listing<T> {
  const items = useSignal<T[] | null>(null)
  const error = useSignal<string | null>(null)
  const [latest] = useState(() => new Latest())
  const reload = async (): Promise<void> => {
    const isLatest = latest.begin()
    try {
      const now = itemsOf(await get<Page<T> | T[]>(path, query))
      if (!isLatest()) return
      items.value = now
      error.value = null
    } catch (cause) {
      if (isLatest()) error.value = errorText(cause)
    }
  }
  useEffect(() => void reload(), [path])
  return { items, error, reload }
}

/** Waiting, failed, empty or there. */
export function Listed<T>({ listing, empty, children }: { listing: Listing<T>; empty: string; children: (items: T[]) => ComponentChildren }) {
  if (listing.error.value) return <Problem text={listing.error.value} onRetry={() => void listing.reload()} />
  const items = listing.items.value
  if (!items) return <Spinner />
  return items.length ? <>{children(items)}</> : <p class="settings-empty">{empty}</p>
}

/** What a field holds: what is stored, also when that changes under it, until somebody writes in it. */
export function useWritten<T extends string | null>(stored: T): Signal<T> {
  const held = useSignal(stored)
  const [last] = useState({ stored })
  useLayoutEffect(() => {
    if (held.peek() === last.stored) held.value = stored
    last.stored = stored
  }, [stored])
  return held
}

/** Changes of one channel from several forms of its page reach the server, and come back, in their order. */
export const patchChannel = (id: Id, change: Record<string, unknown>): Promise<Channel> => inTurn('channel ' + id, () => patch<Channel>('/channels/' + id, change))

export function Copy({ text, label }: { text: string; label?: string }) {
  const isDone = useSignal(false)
  const copy = async (): Promise<void> => {
    try {
      await navigator.clipboard.writeText(text)
      isDone.value = true
      setTimeout(() => void (isDone.value = false), 2000)
    } catch {
      toast(t('copy.refused'), { tone: 'bad' })
    }
  }
  return (
    <Button small icon={isDone.value ? 'check' : 'copy'} onClick={() => void copy()}>
      <span aria-live="polite">{isDone.value ? t('copy.done') : (label ?? t('copy.copy'))}</span>
    </Button>
  )
}

export function Code({ text, label }: { text: string; label?: string }) {
  return (
    <div class="code">
      <pre dir="ltr" tabIndex={0} aria-label={label}>{text}</pre>
      <Copy text={text} />
    </div>
  )
}

/** A secret that the server tells only now. */
export function SecretOnce({ secret, label, onDone }: { secret: string; label: string; onDone: () => void }) {
  return (
    <div class="secret" role="status">
      <strong>{label}</strong>
      <p>{t('secret.once')}</p>
      <Code text={secret} label={label} />
      <Button small onClick={onDone}>{t('secret.kept')}</Button>
    </div>
  )
}

export interface Saving { error: Signal<string | null>; field: Signal<string | null>; isBusy: Signal<boolean>; save: (work: () => Promise<unknown>, done?: string) => Promise<boolean> }

/** Runs a save; keeps its refusal beside the form, with the field it names. */
export function useSaving(): Saving {
  const error = useSignal<string | null>(null)
  const field = useSignal<string | null>(null)
  const isBusy = useSignal(false)
  const save = async (work: () => Promise<unknown>, done: string = t('done.saved')): Promise<boolean> => {
    if (isBusy.value) return false
    isBusy.value = true
    error.value = null
    field.value = null
    try {
      await work()
      if (done) toast(done)
      return true
    } catch (cause) {
      error.value = errorText(cause)
      field.value = cause instanceof ApiError ? cause.field : null
      return false
    } finally {
      isBusy.value = false
    }
  }
  return { error, field, isBusy, save }
}

export function FormError({ saving }: { saving: Saving }) {
  return <p class="form-error" role="alert">{saving.error.value}</p>
}

/** A button that asks first, for what has no way back. */
export function AskButton({ label, title, text, icon = 'trash', onConfirm }: { label: string; title: string; text: string; icon?: 'trash' | 'outside' | 'refresh'; onConfirm: () => void }) {
  const isAsking = useSignal(false)
  return (
    <>
      <Button small tone="danger" icon={icon} onClick={() => void (isAsking.value = true)}>{label}</Button>
      {isAsking.value ? <Confirm title={title} text={text} action={label} onConfirm={onConfirm} onClose={() => void (isAsking.value = false)} /> : null}
    </>
  )
}
