import { queryOptions, useInfiniteQuery, useQuery } from '@tanstack/react-query';
import { api, unwrap } from './client';
import { keys } from './keys';
import type { Grid } from './types';

export interface GridFilters {
  kind?: string | undefined;
  state?: string | undefined;
  from?: string | undefined;
  to?: string | undefined;
}

// Also in public/early.js.
export const firstGridPage = 60;
const laterGridPage = 500;

const fetchGrid = (
  id: string,
  filters: GridFilters,
  limit: number,
  cursor: string | undefined,
  signal: AbortSignal,
): Promise<Grid> =>
  unwrap(
    api.GET('/pipelines/{pipeline}/grid', {
      params: { path: { pipeline: id }, query: { ...filters, limit, cursor } },
      signal,
    }),
  );

export const newestRunsQuery = (id: string, filters: GridFilters) =>
  queryOptions({
    queryKey: keys.grid(id, filters),
    queryFn: ({ signal }) => fetchGrid(id, filters, firstGridPage, undefined, signal),
  });

/** The newest runs; refreshed whenever something happens. */
export const useNewestRuns = (id: string, filters: GridFilters) => useQuery(newestRunsQuery(id, filters));

/** The runs before those, on demand; refreshed only when one of them changed. */
export function useOlderRuns(id: string, filters: GridFilters, start: string | null) {
  return useInfiniteQuery({
    queryKey: keys.olderRuns(id, filters),
    enabled: false,
    staleTime: Number.POSITIVE_INFINITY,
    initialPageParam: start,
    queryFn: ({ signal, pageParam }) => fetchGrid(id, filters, laterGridPage, pageParam ?? undefined, signal),
    getNextPageParam: (page) => page.next_cursor ?? undefined,
  });
}

export function useRun(id: string, run: string) {
  return useQuery({
    queryKey: keys.run(id, run),
    queryFn: ({ signal }) =>
      unwrap(api.GET('/pipelines/{pipeline}/runs/{run}', { params: { path: { pipeline: id, run } }, signal })),
  });
}

export function useWhy(id: string, run: string) {
  return useQuery({
    queryKey: keys.why(id, run),
    queryFn: ({ signal }) =>
      unwrap(api.GET('/pipelines/{pipeline}/runs/{run}/why', { params: { path: { pipeline: id, run } }, signal })),
  });
}
