import { useVirtualizer } from '@tanstack/react-virtual';
import { type RefObject, useCallback, useEffect } from 'react';

export const columnWidth = 20;
const loadAhead = 15;

/** Which columns are in view. Column 0, the newest run, is at the right; more are asked for when the left end comes near. */
export function useColumns(
  scroller: RefObject<HTMLElement | null>,
  count: number,
  hasMore: boolean,
  loadMore: () => void,
) {
  const virtualizer = useVirtualizer({
    horizontal: true,
    isRtl: true,
    count,
    getScrollElement: () => scroller.current,
    estimateSize: () => columnWidth,
    overscan: 6,
  });
  const items = virtualizer.getVirtualItems();
  const last = items.at(-1)?.index ?? 0;
  useEffect(() => {
    if (hasMore && last >= count - loadAhead) loadMore();
  }, [hasMore, last, count, loadMore]);
  const show = useCallback((column: number) => virtualizer.scrollToIndex(column), [virtualizer]);
  return { items: items.map((item) => item.index), width: count * columnWidth, show };
}
