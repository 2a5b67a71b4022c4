import { Link } from 'react-router';
import type { Pipeline, Source } from '@/api/types';
import { formatDuration, formatInteger, shortPartition } from '@/lib/format';
import { tablePath } from '@/lib/paths';
import { Facts } from '@/ui/Facts';
import { Time } from '@/ui/Time';

/** What a person wants to know at once: how fresh, how late, what next. */
export function PipelineFacts({ pipeline }: { pipeline: Pipeline }) {
  const { sources, newest_complete, freshness_seconds, late, held, failed, next_run, last_success } = pipeline;
  const { versions_behind: behind, oldest_waiting_seconds: oldest } = pipeline;
  return (
    <Facts
      facts={[
        ...sources
          .slice(0, 3)
          .map((source) => ({ label: `Source ${source.name}`, value: <SourceLink source={source} /> })),
        { label: 'Fresh up to', value: newest_complete ? shortPartition(newest_complete) : '–' },
        freshness_seconds != null && { label: 'Behind now', value: formatDuration(freshness_seconds) },
        { label: 'Late', value: formatInteger(late) },
        oldest != null && { label: 'Oldest waiting', value: formatDuration(oldest) },
        behind != null && behind > 0 && { label: 'Versions behind', value: formatInteger(behind) },
        held > 0 && { label: 'Held', value: formatInteger(held) },
        failed > 0 && { label: 'Failed', value: formatInteger(failed) },
        { label: 'Last success', value: <Time at={last_success} /> },
        { label: 'Next run', value: nextRun(next_run) },
      ]}
    />
  );
}

function SourceLink({ source }: { source: Source }) {
  const name = source.location.replace(/\/+$/, '').split('/').pop() ?? source.location;
  return (
    <Link to={tablePath(source.table)} title={source.location}>
      {name}
      {source.version != null && ` @ ${source.version}`}
    </Link>
  );
}

function nextRun(next: Pipeline['next_run']) {
  if (!next) return '–';
  return (
    <>
      {shortPartition(next.partition)} <span className="dim">{next.at ? <Time at={next.at} /> : next.waiting_for}</span>
    </>
  );
}
