import type { Lateness } from '@/api/types';
import { formatDuration, formatInteger } from '@/lib/format';
import { BarChart } from '@/ui/BarChart';

interface HistogramProps {
  buckets: Lateness['histogram'];
  byRows: boolean;
}

/** Without the empty buckets at both ends. */
export function usedBuckets(buckets: Lateness['histogram']): Lateness['histogram'] {
  const first = buckets.findIndex((bucket) => bucket.changes > 0);
  const last = buckets.findLastIndex((bucket) => bucket.changes > 0);
  return first < 0 ? [] : buckets.slice(first, last + 1);
}

export function Histogram({ buckets, byRows }: HistogramProps) {
  const data = usedBuckets(buckets).map((bucket) => {
    const value = byRows ? bucket.rows : bucket.changes;
    return {
      label: bucket.up_to_seconds == null ? 'longer' : `≤ ${formatDuration(bucket.up_to_seconds)}`,
      value,
      text: formatInteger(value),
    };
  });
  return <BarChart label="Late data by lateness" data={data} unit={byRows ? 'rows' : 'changes'} />;
}
