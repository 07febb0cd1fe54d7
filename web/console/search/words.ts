// The words of searching, loaded with the page.
import { loadSearch, type SearchMessages } from '../../shared/gen/search'
import { areaWords } from '../lib/i18n'

export const { t: st, ready: searchWords } = areaWords<SearchMessages>(loadSearch)
