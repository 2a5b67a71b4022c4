import { NativeSelect } from '@mantine/core';
import { useSearchParams } from 'react-router';
import { useLateness } from '@/api/pipelines';
import type { Lateness } from '@/api/types';
import { formatDuration, formatInteger, formatPercent } from '@/lib/format';
import { usePipelineId } from '@/pages/pipeline/usePipelineId';
import { Card } from '@/ui/Card';
import { Empty, Loaded } from '@/ui/Condition';
import { Facts } from '@/ui/Facts';
import { Histogram } from './Histogram';
import css from './LatenessPage.module.css';
import { Lookback } from './Lookback';
import { ShareOverTime } from './ShareOverTime';
import { Suggestion } from './Suggestion';

/** How much comes late, how late, and what a fixed look-back would miss. */
export function LatenessPage() {
  const [params, setParams] = useSearchParams();
  const query = useLateness(usePipelineId(), params.get('source') ?? undefined);
  return (
    <Loaded query={query} what="the lateness report">
      {(report) => (
        <div className={css.page}>
          <Card
            title="How late"
            aside={
              report.sources.length > 1 && (
                <NativeSelect
                  size="xs"
                  aria-label="Source"
                  value={report.source}
                  data={report.sources}
                  onChange={(event) => setParams({ source: event.currentTarget.value }, { replace: true })}
                />
              )
            }
          >
            {report.late.changes === 0 ? (
              <Empty title="Nothing came late">In {formatInteger(report.commits)} commits.</Empty>
            ) : (
              <Numbers report={report} />
            )}
          </Card>
          {report.late.changes > 0 && (
            <>
              <Card title={report.by_rows ? 'Late rows by how late they came' : 'Late changes by how late they came'}>
                <Histogram buckets={report.histogram} byRows={report.by_rows} />
              </Card>
              <Card title="Late share over time">
                <ShareOverTime report={report} />
              </Card>
            </>
          )}
          <Card title="What a fixed look-back would have cost" flush>
            <Lookback report={report} />
          </Card>
          <Card title="Suggested policy">
            <Suggestion text={report.suggestion} />
          </Card>
        </div>
      )}
    </Loaded>
  );
}

function Numbers({ report }: { report: Lateness }) {
  const { percentiles, late, late_intervals, share, commits } = report;
  return (
    <Facts
      facts={[
        { label: 'Late share', value: formatPercent(share) },
        { label: late.estimate ? 'Late rows (estimate)' : 'Late rows', value: formatInteger(late.rows) },
        { label: 'Late changes', value: formatInteger(late.changes) },
        { label: 'Partitions with late data', value: formatInteger(late_intervals) },
        { label: 'Half within', value: formatDuration(percentiles.p50) },
        { label: '90 % within', value: formatDuration(percentiles.p90) },
        { label: '95 % within', value: formatDuration(percentiles.p95) },
        { label: '99 % within', value: formatDuration(percentiles.p99) },
        { label: 'Latest', value: formatDuration(percentiles.max) },
        { label: 'Commits looked at', value: formatInteger(commits) },
      ]}
    />
  );
}
