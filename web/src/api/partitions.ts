import { useQuery } from '@tanstack/react-query';
import { api, unwrap } from './client';
import { keys } from './keys';
import type { PartitionSummary } from './types';

/** A pipeline with more partitions than this shows its newest ones. */
export const mostPartitions = 20_000;

export function usePartitions(id: string) {
  return useQuery({
    queryKey: keys.partitions(id),
    queryFn: async ({ signal }) => {
      const items: PartitionSummary[] = [];
      let cursor: string | undefined;
      for (;;) {
        const page = await unwrap(
          api.GET('/pipelines/{pipeline}/partitions', {
            params: { path: { pipeline: id }, query: { limit: 5000, cursor } },
            signal,
          }),
        );
        items.push(...page.items);
        if (page.next_cursor == null || items.length >= mostPartitions) {
          return {
            items,
            counts: page.counts,
            cadence: page.cadence,
            time_zone: page.time_zone,
            more: page.next_cursor != null,
          };
        }
        cursor = page.next_cursor;
      }
    },
  });
}

export function usePartition(id: string, key: string) {
  return useQuery({
    queryKey: keys.partition(id, key),
    queryFn: ({ signal }) =>
      unwrap(
        api.GET('/pipelines/{pipeline}/partitions/{partition}', {
          params: { path: { pipeline: id, partition: key } },
          signal,
        }),
      ),
  });
}
