import { type QueryClient, queryOptions, useMutation, useQuery, useQueryClient } from '@tanstack/react-query';
import { api, setCsrfToken, unwrap } from './client';
import { keys } from './keys';
import type { Role, Session } from './types';

export const sessionQuery = queryOptions({
  queryKey: keys.session,
  queryFn: async ({ signal }) => {
    const session = await unwrap(api.GET('/session', { signal }));
    setCsrfToken(session.csrf_token);
    return session;
  },
  staleTime: 5 * 60_000,
});

/** Who is signed in; fails with status 401 when nobody is. */
export const useSession = () => useQuery(sessionQuery);

export function useServer() {
  return useQuery({
    queryKey: keys.server,
    queryFn: ({ signal }) => unwrap(api.GET('/server', { signal })),
    staleTime: Number.POSITIVE_INFINITY,
  });
}

const ranks: Record<Role, number> = { viewer: 0, operator: 1, admin: 2 };

/** Whether the role of the session is enough; the server decides again. */
export function useMay(role: Role): boolean {
  const session = useSession().data;
  return session !== undefined && ranks[session.role] >= ranks[role];
}

/** Nothing of who was signed in before may be shown to the next. */
const forget = (queries: QueryClient): void =>
  queries.removeQueries({
    predicate: ({ queryKey }) => queryKey[0] !== keys.server[0] && queryKey[0] !== keys.session[0],
  });

export function useSignIn() {
  const queries = useQueryClient();
  return useMutation({
    mutationFn: (body: { name: string; password: string }) => unwrap(api.POST('/session', { body })),
    onSuccess: (session: Session) => {
      setCsrfToken(session.csrf_token);
      forget(queries);
      queries.setQueryData(keys.session, session);
    },
  });
}

export function useSignOut() {
  const queries = useQueryClient();
  return useMutation({
    mutationFn: () => unwrap(api.DELETE('/session')),
    onSettled: () => {
      setCsrfToken(null);
      forget(queries);
      void queries.resetQueries({ queryKey: keys.session });
    },
  });
}
