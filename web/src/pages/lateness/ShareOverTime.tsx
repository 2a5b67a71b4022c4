import type { Lateness } from '@/api/types';
import { formatPercent } from '@/lib/format';
import { BarChart } from '@/ui/BarChart';

const mostShown = 40;

/** The late share of each month, or of each interval when they are few. */
export function ShareOverTime({ report: { by_month, by_interval } }: { report: Lateness }) {
  const groups = by_month.length > 2 ? by_month : by_interval;
  const data = groups.slice(-mostShown).map((group) => {
    const share = group.late_share;
    return {
      label: groups === by_month ? group.start.slice(0, 7) : group.start.slice(0, 16),
      value: share ?? 0,
      text: share == null ? 'rows unknown' : formatPercent(share),
    };
  });
  return (
    <BarChart
      label="Late share over time"
      data={data}
      unit={groups === by_month ? 'share of the rows of each month' : 'share of the rows of each interval'}
    />
  );
}
