import type { PipelineSummary } from '@/api/types';
import { formatInteger } from '@/lib/format';
import { Notice } from '@/ui/Notice';

/** The server paused it before a long first run, and waits for an answer. */
export function FirstRunNotice({ pipeline }: { pipeline: Pick<PipelineSummary, 'first_run_partitions'> }) {
  const partitions = pipeline.first_run_partitions;
  if (partitions == null) return null;
  return (
    <Notice kind="why">
      <strong>Its first run would process {formatInteger(partitions)} partitions.</strong> It waits until somebody
      resumes it. <span className="dim">What was processed elsewhere already is recorded with</span>{' '}
      <code>latecomer adopt</code>
      <span className="dim">.</span>
    </Notice>
  );
}
