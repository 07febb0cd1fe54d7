// The words of exports, loaded with what shows them.
import { loadExports, type ExportsMessages } from '../../shared/gen/exports'
import { areaWords } from '../lib/i18n'

export const { t: et, ready: exportWords } = areaWords<ExportsMessages>(loadExports)
