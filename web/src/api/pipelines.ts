import { keepPreviousData, queryOptions, useInfiniteQuery, useQuery } from '@tanstack/react-query';
import { api, unwrap } from './client';
import { keys } from './keys';
import type { PipelineSummary } from './types';

/** All pipelines, page by page until the last; there are hundreds at most. */
export function usePipelines() {
  return useQuery({
    queryKey: keys.pipelines,
    queryFn: async ({ signal }) => {
      const items: PipelineSummary[] = [];
      let cursor: string | undefined;
      for (;;) {
        const page = await unwrap(api.GET('/pipelines', { params: { query: { limit: 500, cursor } }, signal }));
        items.push(...page.items);
        if (page.next_cursor == null) return { items, file_errors: page.file_errors };
        cursor = page.next_cursor;
      }
    },
  });
}

export const pipelineQuery = (id: string) =>
  queryOptions({
    queryKey: keys.pipeline(id),
    queryFn: ({ signal }) => unwrap(api.GET('/pipelines/{pipeline}', { params: { path: { pipeline: id } }, signal })),
  });

export const usePipeline = (id: string) => useQuery(pipelineQuery(id));

/** The plan, or of it what one rule decided. */
export function usePlan(id: string, rule: string) {
  return useQuery({
    queryKey: keys.plan(id, rule),
    placeholderData: keepPreviousData,
    queryFn: ({ signal }) => {
      const query = { limit: 500, ...(rule ? { rule } : {}) };
      return unwrap(api.GET('/pipelines/{pipeline}/plan', { params: { path: { pipeline: id }, query }, signal }));
    },
  });
}

export function usePipelineEvents(id: string, filter: { run?: string; partition?: string }) {
  return useInfiniteQuery({
    queryKey: keys.events(id, filter),
    initialPageParam: undefined as string | undefined,
    queryFn: ({ signal, pageParam }) =>
      unwrap(
        api.GET('/pipelines/{pipeline}/events', {
          params: { path: { pipeline: id }, query: { ...filter, cursor: pageParam, limit: 100 } },
          signal,
        }),
      ),
    getNextPageParam: (page) => page.next_cursor ?? undefined,
  });
}

export function useLateness(id: string, source: string | undefined) {
  return useQuery({
    queryKey: keys.lateness(id, source),
    queryFn: ({ signal }) =>
      unwrap(
        api.GET('/pipelines/{pipeline}/lateness', { params: { path: { pipeline: id }, query: { source } }, signal }),
      ),
  });
}

export interface VersionsFilter {
  source?: string | undefined;
  before?: number | undefined;
  limit: number;
}

export function useVersions(id: string, filter: VersionsFilter) {
  return useQuery({
    queryKey: keys.versions(id, filter),
    placeholderData: keepPreviousData,
    queryFn: ({ signal }) =>
      unwrap(api.GET('/pipelines/{pipeline}/versions', { params: { path: { pipeline: id }, query: filter }, signal })),
  });
}
