// The end of a list that is loaded page by page, and what went wrong with a page.
import { t } from '../lib/i18n'
import { Button, Problem, Spinner } from './parts'

/** What went wrong with the first page of a list, or with a later one: `isMore`. `isFinal`: the same again would be refused again. */
export interface PageFault { text: string; isMore: boolean; isFinal?: boolean }

/** Under a list that is loaded page by page: that more is coming, why it did not, or the way to more. */
export function PageEnd({ fault, hasMore, isLoading, onMore }: { fault: PageFault | null; hasMore: boolean; isLoading: boolean; onMore: () => void }) {
  if (isLoading) return <div class="timeline-older"><Spinner /></div>
  if (fault?.isMore) return <Problem text={fault.text} onRetry={onMore} />
  return hasMore ? <Button class="load-more" onClick={onMore}>{t('common.more')}</Button> : null
}
