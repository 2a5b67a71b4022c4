import { useQuery } from '@tanstack/react-query';
import { type Action, perform } from '@/api/actions';

/** What an action would affect, as the server says, for as long as it is asked. */
export function usePreview(action: Action | null) {
  return useQuery({
    queryKey: ['preview', action],
    enabled: action !== null,
    staleTime: 0,
    gcTime: 0,
    retry: false,
    queryFn: ({ signal }) => {
      if (!action) throw new Error('nothing to preview');
      return perform(action, { dryRun: true, signal });
    },
  });
}
