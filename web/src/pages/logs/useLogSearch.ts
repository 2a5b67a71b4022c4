import { useInfiniteQuery } from '@tanstack/react-query';
import { type LogTarget, searchLog } from './logApi';

/** Lines that contain a text, from the server: also of what isn't in view. */
export function useLogSearch(target: LogTarget, text: string) {
  return useInfiniteQuery({
    queryKey: ['log-search', target, text],
    enabled: text !== '',
    staleTime: 5_000,
    gcTime: 30_000,
    initialPageParam: 0,
    queryFn: ({ signal, pageParam }) => searchLog(target, text, pageParam, signal),
    getNextPageParam: (page) => page.next_offset ?? undefined,
  });
}
