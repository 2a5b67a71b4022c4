import { MutationCache, QueryCache, QueryClient } from '@tanstack/react-query';
import { asApiError } from '@/api/errors';
import { keys } from '@/api/keys';

/** A session that ended shows the sign-in page wherever one is. */
function onError(queries: () => QueryClient, error: unknown, key?: readonly unknown[]): void {
  if (asApiError(error).unauthorized && key?.[0] !== keys.session[0])
    void queries().invalidateQueries({ queryKey: keys.session });
}

export function createQueryClient(): QueryClient {
  const client: QueryClient = new QueryClient({
    queryCache: new QueryCache({ onError: (error, query) => onError(() => client, error, query.queryKey) }),
    mutationCache: new MutationCache({ onError: (error) => onError(() => client, error) }),
    defaultOptions: {
      queries: {
        // Events say when something changed; age alone doesn't.
        staleTime: 60_000,
        networkMode: 'always',
        // A server that is away is asked again until it is back; other errors are answers.
        retry: (count, error) => asApiError(error).disconnected && count < 2,
        retryDelay: (attempt) => Math.min(500 * 2 ** attempt, 4000),
        refetchInterval: (query) => (query.state.error && asApiError(query.state.error).disconnected ? 3000 : false),
      },
      mutations: { networkMode: 'always' },
    },
  });
  return client;
}
