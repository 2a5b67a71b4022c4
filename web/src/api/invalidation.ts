import type { QueryClient, QueryKey } from '@tanstack/react-query';

/** What the events stream said changed. */
export interface Touched {
  pipelines: Set<string>;
  runs: Set<string>;
  tables: boolean;
  everything: boolean;
}

export const nothingTouched = (): Touched => ({
  pipelines: new Set(),
  runs: new Set(),
  tables: false,
  everything: false,
});

interface Message {
  event: string;
  data: unknown;
}

const text = (data: unknown, name: string): string | undefined => {
  const value = (data as Record<string, unknown> | null)?.[name];
  return typeof value === 'string' && value !== '' ? value : undefined;
};

/** Adds what one message touches. Unknown events touch nothing. */
export function touch(touched: Touched, { event, data }: Message): void {
  if (event === 'reset') {
    touched.everything = true;
    return;
  }
  const pipeline = text(data, 'pipeline');
  if (event === 'change' || event === 'file') {
    if (pipeline) touched.pipelines.add(pipeline);
    const run = text(data, 'run_id');
    if (run) touched.runs.add(run);
    if (event === 'file' && !pipeline) touched.everything = true;
  }
  if (event === 'table') {
    touched.tables = true;
    const read = (data as { pipelines?: unknown } | null)?.pipelines;
    if (Array.isArray(read)) for (const id of read) if (typeof id === 'string') touched.pipelines.add(id);
  }
}

/** Whether a query shows something that was touched. The older pages of a grid are looked at apart. */
export function isTouched(key: QueryKey, touched: Touched): boolean {
  const [kind, id] = key;
  if (kind === 'session' || kind === 'server' || kind === 'users' || kind === 'tokens') return false;
  if (kind === 'older-runs') return touched.everything;
  if (touched.everything) return true;
  if (kind === 'pipeline') return touched.pipelines.has(String(id));
  if (kind === 'tables') return touched.tables;
  const any = touched.pipelines.size > 0;
  if (kind === 'pipelines' || kind === 'cascade' || kind === 'audit') return any || touched.tables;
  return false;
}

interface GridPages {
  pages: { runs: { run_id: string }[] }[];
}

/** Whether older pages of a pipeline's grid hold a run that was touched. */
export function olderPagesTouched(key: QueryKey, data: unknown, touched: Touched): boolean {
  if (key[0] !== 'older-runs' || !touched.pipelines.has(String(key[1]))) return false;
  const pages = (data as GridPages | undefined)?.pages ?? [];
  return pages.some((page) => page.runs.some((run) => touched.runs.has(run.run_id)));
}

export function refresh(queries: QueryClient, touched: Touched): void {
  void queries.invalidateQueries({
    predicate: ({ queryKey, state }) =>
      isTouched(queryKey, touched) || olderPagesTouched(queryKey, state.data, touched),
  });
}
