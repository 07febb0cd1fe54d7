// The small parts that every page is made of.
import { Fragment, type ComponentChildren, type JSX } from 'preact'
import { useId, useLayoutEffect, useRef } from 'preact/hooks'
import { initials } from '../lib/format'
import { keyCaps } from '../lib/keys'
import { t } from '../lib/i18n'
import { command, isEnabled, keysOf, run } from '../state/commands'
import { Icon, type IconName } from './icon'

type ButtonProps = Omit<JSX.ButtonHTMLAttributes<HTMLButtonElement>, 'icon'> & { icon?: IconName; tone?: 'plain' | 'primary' | 'danger' | 'quiet'; small?: boolean }

export function Button({ icon, tone = 'plain', small, children, class: extra, ...rest }: ButtonProps) {
  return (
    <button type="button" class={`button button-${tone}${small ? ' button-small' : ''}${extra ? ` ${String(extra)}` : ''}`} {...rest}>
      {icon ? <Icon name={icon} size={small ? 16 : 18} /> : null}
      {children}
    </button>
  )
}

export function IconButton({ icon, label, size = 18, class: extra, ...rest }: Omit<JSX.ButtonHTMLAttributes<HTMLButtonElement>, 'size' | 'label' | 'icon'> & { icon: IconName; label: string; size?: number }) {
  return (
    <button type="button" class={`icon-button${extra ? ` ${String(extra)}` : ''}`} aria-label={label} title={label} {...rest}>
      <Icon name={icon} size={size} />
    </button>
  )
}

/** A button that is a command of the registry: its name, icon, key and whether it can be used come from there. */
export function CommandButton({ id, label, small, iconOnly, tone }: { id: string; label?: string; small?: boolean; iconOnly?: boolean; tone?: ButtonProps['tone'] }) {
  const one = command(id)
  const keys = keysOf(one)[0]
  const name = t(one.title)
  const hint = keys ? `${name} (${keyCaps(keys).map((press) => press.join('+')).join(' ')})` : name
  const common = { title: hint, disabled: !isEnabled(one), onClick: () => run(id), 'data-command': id }
  return iconOnly ? (
    <IconButton icon={one.icon} {...common} label={hint} />
  ) : (
    <Button icon={one.icon} {...(small ? { small } : {})} {...(tone ? { tone } : {})} {...common}>
      {label ?? name}
    </Button>
  )
}

export function Keys({ combo }: { combo: string }) {
  return (
    <span class="keys" dir="ltr">
      {keyCaps(combo).map((press, at) => (
        <span key={at} class="keys-press">
          {press.map((cap) => (
            <kbd key={cap}>{cap}</kbd>
          ))}
        </span>
      ))}
    </span>
  )
}

/** A person's words or name: its own direction, apart from the sentence around it. */
export function Words({ text, class: extra }: { text: string; class?: string }) {
  return (
    <bdi dir="auto" class={extra}>
      {text}
    </bdi>
  )
}

/** Short facts in a row, with dots between; empty ones are left out. Each keeps its own direction. */
export function Facts({ of }: { of: readonly (string | null | undefined | false)[] }) {
  return <>{of.filter(Boolean).map((fact, i) => <Fragment key={i}>{i ? ' · ' : ''}<bdi>{fact}</bdi></Fragment>)}</>
}

function hueOf(text: string): number {
  let sum = 0
  for (const char of text) sum = (sum * 31 + (char.codePointAt(0) ?? 0)) % 997
  return sum % 8
}

export function Avatar({ name, photo, size = 32, online }: { name: string; photo?: string | null; size?: 20 | 24 | 32 | 40 | 64; online?: boolean | null }) {
  return (
    <span class={`avatar avatar-${size} hue-${hueOf(name)}`} aria-hidden="true">
      {photo ? <img src={photo} alt="" loading="lazy" /> : <span>{initials(name) || '?'}</span>}
      {online ? <span class="avatar-online" /> : null}
    </span>
  )
}

export function Chip({ children, tone = 'plain', icon, onRemove, removeLabel }: { children: ComponentChildren; tone?: string; icon?: IconName; onRemove?: () => void; removeLabel?: string }) {
  return (
    <span class={`chip chip-${tone}`}>
      {icon ? <Icon name={icon} size={14} /> : null}
      <span class="chip-text">{children}</span>
      {onRemove ? (
        <button type="button" class="chip-remove" aria-label={removeLabel} onClick={onRemove}>
          <Icon name="close" size={12} />
        </button>
      ) : null}
    </span>
  )
}

export function Empty({ icon, title, children }: { icon: IconName; title: string; children?: ComponentChildren }) {
  return (
    <div class="empty">
      <span class="empty-icon">
        <Icon name={icon} size={28} />
      </span>
      <p>{title}</p>
      {children ? <div class="empty-action">{children}</div> : null}
    </div>
  )
}

export function Spinner({ label }: { label?: string }) {
  return <span class="spinner" role="status" aria-label={label ?? t('common.loading')} />
}

export function Problem({ text, onRetry }: { text: string; onRetry?: () => void }) {
  return (
    <div class="problem" role="alert">
      <Icon name="alert" />
      <span>{text}</span>
      {onRetry ? (
        <Button small onClick={onRetry} icon="refresh">
          {t('common.retry')}
        </Button>
      ) : null}
    </div>
  )
}

export function Field({ label, hint, error, children }: { label: string; hint?: string | undefined; error?: string | null | undefined; children: (props: { id: string; 'aria-describedby'?: string; 'aria-invalid'?: boolean }) => ComponentChildren }) {
  const id = useId()
  const describes = error || hint ? id + 'd' : undefined
  return (
    <div class="field">
      <label for={id}>{label}</label>
      {children({ id, ...(describes ? { 'aria-describedby': describes } : {}), ...(error ? { 'aria-invalid': true } : {}) })}
      {error ? (
        <span id={describes} class="field-error">
          {error}
        </span>
      ) : hint ? (
        <span id={describes} class="field-hint">
          {hint}
        </span>
      ) : null}
    </div>
  )
}

export function Switch({ label, hint, checked, onChange, disabled }: { label: string; hint?: string; checked: boolean; onChange: (value: boolean) => void; disabled?: boolean }) {
  return (
    <label class="switch">
      <input type="checkbox" role="switch" checked={checked} disabled={disabled} onChange={(event) => onChange(event.currentTarget.checked)} />
      <span class="switch-track" aria-hidden="true" />
      <span class="switch-words">
        {label}
        {hint ? <small>{hint}</small> : null}
      </span>
    </label>
  )
}

/** A modal layer on the browser's own dialog: focus is kept inside and goes back where it came from. */
export function Dialog({ label, onClose, class: extra, children }: { label: string; onClose: () => void; class?: string; children: ComponentChildren }) {
  const ref = useRef<HTMLDialogElement>(null)
  // Before the paint, so that what is typed right after the key that opened it lands inside.
  useLayoutEffect(() => {
    const dialog = ref.current
    const before = document.activeElement
    dialog?.showModal()
    return () => {
      dialog?.close()
      if (before instanceof HTMLElement && before.isConnected) before.focus()
    }
  }, [])
  return (
    <dialog
      ref={ref}
      class={`dialog${extra ? ' ' + extra : ''}`}
      aria-label={label}
      onCancel={(event) => {
        event.preventDefault()
        onClose()
      }}
      onClose={(event) => {
        // A browser may close it without asking first (Escape without a click or key before it).
        if (event.currentTarget.isConnected && !event.currentTarget.open) onClose()
      }}
      onClick={(event) => {
        if (event.target === ref.current) onClose()
      }}
    >
      <div class="dialog-body">{children}</div>
    </dialog>
  )
}

/**
 * The same for a layer that opens at a key and has one field: over the page without making it inert, which would restyle every element of it
 * before the paint. Tab stays at the field, a press beside it or Escape closes it.
 */
export function Overlay({ label, onClose, class: extra, children }: { label: string; onClose: () => void; class?: string; children: ComponentChildren }) {
  useLayoutEffect(() => {
    const before = document.activeElement
    return () => {
      if (before instanceof HTMLElement && before.isConnected) before.focus()
    }
  }, [])
  return (
    <>
      <div class="overlay-veil" onClick={onClose} />
      <dialog
        open
        class={`dialog overlay${extra ? ' ' + extra : ''}`}
        aria-label={label}
        aria-modal="true"
        // A press on what takes no focus would leave the field, and keys would go to the page below.
        onMouseDown={(event) => {
          if (!(event.target instanceof HTMLInputElement)) event.preventDefault()
        }}
        onKeyDown={(event) => {
          if (event.key === 'Tab') event.preventDefault()
          if (event.key !== 'Escape' || event.isComposing) return
          event.preventDefault()
          event.stopPropagation()
          onClose()
        }}
      >
        <div class="dialog-body">{children}</div>
      </dialog>
    </>
  )
}

/** A question that cannot be taken back afterwards. */
export function Confirm({ title, text, action, onConfirm, onClose }: { title: string; text: string; action: string; onConfirm: () => void; onClose: () => void }) {
  return (
    <Dialog label={title} onClose={onClose} class="dialog-small">
      <h2>{title}</h2>
      <p>{text}</p>
      <div class="dialog-actions">
        <Button onClick={onClose}>{t('common.cancel')}</Button>
        <Button
          tone="danger"
          onClick={() => {
            onClose()
            onConfirm()
          }}
        >
          {action}
        </Button>
      </div>
    </Dialog>
  )
}

export interface MenuItem { label: string; icon?: IconName; keys?: string; isChecked?: boolean; disabled?: boolean; tone?: 'danger'; run: () => void }
