import type { ReactNode } from 'react';
import { Link } from 'react-router';
import type { PipelineSummary } from '@/api/types';
import { formatDuration, shortPartition } from '@/lib/format';
import { pipelinePath } from '@/lib/paths';
import { Notice } from '@/ui/Notice';
import { StateBadge } from '@/ui/StateBadge';
import { Time } from '@/ui/Time';
import { FirstRunNotice } from './FirstRunNotice';
import { LastRuns } from './LastRuns';
import { PauseSwitch } from './PauseSwitch';
import css from './PipelineRow.module.css';

export function PipelineRow({ pipeline }: { pipeline: PipelineSummary }) {
  const { id, name, health, file_error, problem } = pipeline;
  return (
    <li className={css.row}>
      <div className={css.name}>
        <Link to={pipelinePath(id)} className="wrap">
          {name}
        </Link>
        <StateBadge state={health} title={problem ?? undefined} />
      </div>
      <LastRuns pipeline={pipeline} />
      <Cell label="Waiting">
        <Waiting pipeline={pipeline} />
      </Cell>
      <Cell label="Fresh up to">
        {pipeline.newest_complete ? shortPartition(pipeline.newest_complete) : <span className="dim">nothing yet</span>}
        {pipeline.freshness_seconds != null && (
          <span className="dim"> {formatDuration(pipeline.freshness_seconds)} ago</span>
        )}
      </Cell>
      <Cell label="Next run">
        <NextRun pipeline={pipeline} />
      </Cell>
      <PauseSwitch pipeline={pipeline} />
      {pipeline.first_run_partitions != null && (
        <div className={css.problem}>
          <FirstRunNotice pipeline={pipeline} />
        </div>
      )}
      {(file_error || problem) && (
        <div className={css.problem}>
          <Notice kind="bad">
            {file_error ? (
              <>
                <strong>
                  {file_error.file}
                  {file_error.line != null && `:${file_error.line}`}
                </strong>{' '}
                {file_error.message}{' '}
                <span className="dim">The definition before it stays in force. {file_error.hint}</span>
              </>
            ) : (
              problem
            )}
          </Notice>
        </div>
      )}
    </li>
  );
}

function Cell({ label, children }: { label: string; children: ReactNode }) {
  return (
    <div className={css.cell}>
      <div className={css.label}>{label}</div>
      <div className="wrap">{children}</div>
    </div>
  );
}

function Waiting({ pipeline: { id, late, held, failed } }: { pipeline: PipelineSummary }) {
  const parts = [late > 0 && `${late} late`, held > 0 && `${held} held`, failed > 0 && `${failed} failed`].filter(
    Boolean,
  );
  if (parts.length === 0) return <span className="dim">nothing</span>;
  return <Link to={pipelinePath(id, 'plan')}>{parts.join(', ')}</Link>;
}

function NextRun({ pipeline: { next_run, paused } }: { pipeline: PipelineSummary }) {
  if (paused) return <span className="dim">when resumed</span>;
  if (!next_run) return <span className="dim">none in sight</span>;
  return (
    <>
      {shortPartition(next_run.partition)}{' '}
      <span className="dim">{next_run.at ? <Time at={next_run.at} /> : next_run.waiting_for}</span>
    </>
  );
}
