import type { QueryClient } from '@tanstack/react-query';
import { basePath } from '@/api/base';
import { pipelineQuery } from '@/api/pipelines';
import { newestRunsQuery } from '@/api/runs';
import { sessionQuery } from '@/api/session';
import { readFilters } from '@/pages/grid/filters';

/** The pipeline whose grid an address shows. */
export function gridOf(pathname: string): string | null {
  const id = /^\/pipelines\/([^/]+)(?:\/runs\/.*)?\/?$/.exec(pathname)?.[1];
  try {
    return id === undefined ? null : decodeURIComponent(id);
  } catch {
    return null;
  }
}

/** What the first view needs is asked for while its code is still being loaded. */
export function prefetchFirstView(queries: QueryClient, { pathname, search }: Location): void {
  void queries.prefetchQuery(sessionQuery);
  const pipeline = gridOf(pathname.slice(basePath().length));
  if (pipeline === null) return;
  void queries.prefetchQuery(pipelineQuery(pipeline));
  void queries.prefetchQuery(newestRunsQuery(pipeline, readFilters(new URLSearchParams(search))));
}
