// Toasts: said politely to screen readers, with the way back as a button.
import { IconButton, Keys } from '../ui/parts'
import { t } from '../lib/i18n'
import { dismiss, toasts } from '../state/toasts'
import { steps, undoStep } from '../state/undo'
import { complain } from '../state/toasts'

export function Toasts() {
  return (
    <div class="toasts" role="status" aria-live="polite">
      {toasts.value.map((one) => {
        const canUndo = one.undoId !== null && steps.value.some((step) => step.id === one.undoId)
        return (
          <div key={one.id} class={`toast toast-${one.tone}`}>
            <span class="toast-text">{one.text}</span>
            {canUndo ? (
              <button
                type="button"
                class="toast-action"
                onClick={() => {
                  dismiss(one.id)
                  undoStep(one.undoId as number).catch(complain)
                }}
              >
                {t('common.undo')} <Keys combo="z" />
              </button>
            ) : null}
            {one.action ? (
              <button type="button" class="toast-action" onClick={() => { dismiss(one.id); one.action?.run() }}>
                {one.action.label}
              </button>
            ) : null}
            <IconButton icon="close" size={16} label={t('common.close')} onClick={() => dismiss(one.id)} />
          </div>
        )
      })}
    </div>
  )
}
