import { useEffect, useMemo, useRef } from 'react';
import { type GridFilters, useNewestRuns, useOlderRuns } from '@/api/runs';
import type { GridRun } from '@/api/types';
import { mergeRuns } from './mergeRuns';

/** All runs that were loaded, newest first, and how to load more. */
export function useGridRuns(pipeline: string, filters: GridFilters) {
  const newest = useNewestRuns(pipeline, filters);
  const wish = `${pipeline}\n${JSON.stringify(filters)}`;

  // Where the older pages begin is fixed by the first answer; what moved out of the newest page since is kept.
  const start = useRef<{ wish: string; cursor: string | null; kept: GridRun[] } | null>(null);
  if (newest.data && start.current?.wish !== wish) {
    start.current = { wish, cursor: newest.data.next_cursor, kept: [] };
  }
  const older = useOlderRuns(pipeline, filters, start.current?.wish === wish ? start.current.cursor : null);

  const newestRuns = newest.data?.runs;
  const olderPages = older.data?.pages;
  const runs = useMemo(() => {
    const kept = start.current?.wish === wish ? start.current.kept : [];
    return mergeRuns(newestRuns ?? [], kept, olderPages?.map((page) => page.runs) ?? []);
  }, [newestRuns, olderPages, wish]);

  useEffect(() => {
    if (start.current?.wish === wish && newestRuns) {
      start.current.kept = mergeRuns(newestRuns, start.current.kept, []);
    }
  }, [newestRuns, wish]);

  const firstCursor = start.current?.wish === wish ? start.current.cursor : null;
  const hasMore = olderPages ? older.hasNextPage : firstCursor !== null;
  const loadMore = () => {
    if (hasMore && !older.isFetching) void older.fetchNextPage();
  };
  return { newest, runs, hasMore, loadMore, loadingMore: older.isFetching };
}
