import { Link } from 'react-router';
import type { Run } from '@/api/types';
import { formatVersions, shortPartition } from '@/lib/format';
import { partitionPath, runPath } from '@/lib/paths';
import { Duration } from '@/ui/Duration';
import { Facts } from '@/ui/Facts';
import { Notice } from '@/ui/Notice';
import { StateBadge } from '@/ui/StateBadge';
import { Time } from '@/ui/Time';
import { RunActions } from './RunActions';
import css from './RunHead.module.css';

export function RunHead({ run }: { run: Run }) {
  const attempts = run.tries.length;
  return (
    <header className={css.head}>
      <div className={css.title}>
        <h2 className="wrap">{run.run_id}</h2>
        <StateBadge state={run.state} />
        <div className={css.actions}>
          <RunActions run={run} />
        </div>
      </div>
      <Facts
        facts={[
          {
            label: 'Partition',
            value: <Link to={partitionPath(run.pipeline, run.partition_key)}>{shortPartition(run.partition)}</Link>,
          },
          { label: 'Kind', value: run.kind },
          { label: 'Pinned', value: formatVersions(run.versions) || '–', mono: true },
          { label: 'Started', value: <Time at={run.started} /> },
          { label: 'Ended', value: <Time at={run.ended} /> },
          { label: 'Took', value: <Duration started={run.started} ended={run.ended} /> },
          { label: 'Tries', value: attempts },
          run.caused_by && {
            label: 'Caused by',
            value: <Link to={runPath(run.pipeline, run.caused_by.run_id)}>{run.caused_by.run_id}</Link>,
          },
        ]}
      />
      <Notice kind={run.kind === 'backfill' ? 'why' : 'info'}>
        <strong>Why:</strong> {run.cause_text}
        {run.state === 'queued' && run.waiting_for && (
          <>
            {' '}
            <strong>Waits for</strong> {run.waiting_for}.
          </>
        )}
      </Notice>
      {run.message && run.state !== 'success' && (
        <Notice kind={run.state === 'failed' ? 'bad' : 'info'}>{run.message}</Notice>
      )}
      {run.older_definition && (
        <Notice kind="info">
          The pipeline file has changed since its newest try. That makes nothing late; clear it to run it as the file is
          now.
        </Notice>
      )}
      {run.note && (
        <p className={css.note}>
          <span className="dim">Note:</span> <span className="wrap">{run.note}</span>
        </p>
      )}
    </header>
  );
}
