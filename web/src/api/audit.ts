import { useInfiniteQuery } from '@tanstack/react-query';
import { api, unwrap } from './client';
import { keys } from './keys';

export interface AuditFilter {
  user?: string | undefined;
  action?: string | undefined;
  pipeline?: string | undefined;
  run?: string | undefined;
}

export function useAudit(filter: AuditFilter) {
  return useInfiniteQuery({
    queryKey: keys.audit(filter),
    initialPageParam: undefined as string | undefined,
    queryFn: ({ signal, pageParam }) =>
      unwrap(api.GET('/audit', { params: { query: { ...filter, cursor: pageParam, limit: 100 } }, signal })),
    getNextPageParam: (page) => page.next_cursor ?? undefined,
  });
}
