import { useMutation, useQuery, useQueryClient } from '@tanstack/react-query';
import { api, unwrap } from './client';
import { keys } from './keys';
import type { Role } from './types';

export function useUsers() {
  return useQuery({ queryKey: keys.users, queryFn: ({ signal }) => unwrap(api.GET('/users', { signal })) });
}

export function useTokens() {
  return useQuery({ queryKey: keys.tokens, queryFn: ({ signal }) => unwrap(api.GET('/me/tokens', { signal })) });
}

/** A mutation after which the list under `key` is asked for again. */
function useChange<In, Out>(key: readonly unknown[], change: (input: In) => Promise<Out>) {
  const queries = useQueryClient();
  return useMutation({ mutationFn: change, onSuccess: () => queries.invalidateQueries({ queryKey: key }) });
}

export const useCreateUser = () =>
  useChange(keys.users, (body: { name: string; password: string; role: Role }) => unwrap(api.POST('/users', { body })));

export const useChangeUser = () =>
  useChange(keys.users, ({ user, ...body }: { user: string; role?: Role; password?: string }) =>
    unwrap(api.PATCH('/users/{user}', { params: { path: { user } }, body })),
  );

export const useDeleteUser = () =>
  useChange(keys.users, (user: string) => unwrap(api.DELETE('/users/{user}', { params: { path: { user } } })));

export const useCreateToken = () =>
  useChange(keys.tokens, (body: { name: string; scope: Role; expires_in_days: number }) =>
    unwrap(api.POST('/me/tokens', { body })),
  );

export const useDeleteToken = () =>
  useChange(keys.tokens, (id: number) =>
    unwrap(api.DELETE('/me/tokens/{token_id}', { params: { path: { token_id: id } } })),
  );

export const useChangePassword = () =>
  useMutation({
    mutationFn: (body: { current_password: string; new_password: string }) => unwrap(api.PUT('/me/password', { body })),
  });
