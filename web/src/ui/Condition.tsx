import { Button, Loader } from '@mantine/core';
import type { UseQueryResult } from '@tanstack/react-query';
import type { ReactNode } from 'react';
import { asApiError } from '@/api/errors';
import css from './Condition.module.css';

/** There is nothing to show, said with what to do about it. */
export function Empty({ title, children, action }: { title: string; children?: ReactNode; action?: ReactNode }) {
  return (
    <div className={css.box}>
      <strong>{title}</strong>
      {children && <div className={css.text}>{children}</div>}
      {action}
    </div>
  );
}

export function Loading({ what }: { what: string }) {
  return (
    <div className={css.box} role="status">
      <Loader size="sm" type="dots" color="var(--lc-accent)" />
      <span className="dim">Loading {what}…</span>
    </div>
  );
}

export function Failure({ error, retry }: { error: unknown; retry?: () => void }) {
  const known = asApiError(error);
  const title = known.disconnected
    ? 'No connection to the server'
    : known.forbidden
      ? 'Your role doesn’t allow this'
      : known.notFound
        ? 'There is no such thing'
        : 'This could not be loaded';
  return (
    <div className={css.box} role="alert">
      <strong>{title}</strong>
      <div className={css.text}>
        <p className="wrap">{known.message}</p>
        {known.hint && <p className="dim wrap">{known.hint}</p>}
        {known.disconnected && <p className="dim">It is asked again by itself.</p>}
      </div>
      {retry && (
        <Button variant="default" onClick={retry}>
          Try again
        </Button>
      )}
    </div>
  );
}

interface LoadedProps<T> {
  query: Pick<UseQueryResult<T>, 'data' | 'error' | 'refetch'>;
  what: string;
  children: (data: T) => ReactNode;
}

/** Loading, failed or there. What was there stays while it is asked for again. */
export function Loaded<T>({ query, what, children }: LoadedProps<T>) {
  if (query.data !== undefined) return <>{children(query.data)}</>;
  if (query.error) return <Failure error={query.error} retry={() => void query.refetch()} />;
  return <Loading what={what} />;
}
