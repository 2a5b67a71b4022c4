import { useInfiniteQuery, useQuery } from '@tanstack/react-query';
import { api, unwrap } from './client';
import { keys } from './keys';

export function useTables() {
  return useQuery({
    queryKey: keys.tables,
    queryFn: ({ signal }) => unwrap(api.GET('/tables', { signal })),
  });
}

export function useTable(id: string) {
  return useQuery({
    queryKey: keys.table(id),
    queryFn: ({ signal }) => unwrap(api.GET('/tables/{table}', { params: { path: { table: id } }, signal })),
  });
}

export function useCommits(id: string) {
  return useInfiniteQuery({
    queryKey: keys.commits(id),
    initialPageParam: undefined as string | undefined,
    queryFn: ({ signal, pageParam }) =>
      unwrap(
        api.GET('/tables/{table}/commits', {
          params: { path: { table: id }, query: { cursor: pageParam, limit: 100 } },
          signal,
        }),
      ),
    getNextPageParam: (page) => page.next_cursor ?? undefined,
  });
}

export function useCascade() {
  return useQuery({ queryKey: keys.cascade, queryFn: ({ signal }) => unwrap(api.GET('/cascade', { signal })) });
}
