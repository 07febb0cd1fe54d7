// Why a file cannot go with an answer, in words, before it is uploaded.
import { bytes } from '../lib/format'
import { t } from '../lib/i18n'
import type { Advice } from '../state/uploads'
import type { Desk } from './desk'
import { fileVerdict, typeName } from './limits'
import type { Reach } from './reach'

/** The network's view on files of what is being written now; notes go nowhere and take all. */
export function adviceOf(desk: Desk, reach: Reach): Advice {
  const rules = desk.kind.value === 'reply' ? reach.rules.value : null
  const network = reach.network.value?.title ?? ''
  return (file) => {
    if (!rules) return null
    const verdict = fileVerdict(rules, file)
    switch (verdict.kind) {
      case 'fits':
        return null
      case 'none':
        return t('file.none_go', { network })
      case 'type':
        return t('file.wrong_type', { network, types: verdict.types.map(typeName).join(', ') })
      case 'size':
        return t('file.too_large', { network, size: bytes(verdict.max) })
    }
  }
}
