import { ActionIcon, Menu } from '@mantine/core';
import { lazy, Suspense, useState } from 'react';
import { Link } from 'react-router';
import { useMay } from '@/api/session';
import type { Run, RunStep } from '@/api/types';
import { useAction } from '@/api/useAction';
import { runPath } from '@/lib/paths';
import { formatClock } from '@/lib/time';
import { useZone } from '@/lib/zone';
import { Duration } from '@/ui/Duration';
import { StateBadge } from '@/ui/StateBadge';
import { Time } from '@/ui/Time';

const ClearDialog = lazy(async () => ({ default: (await import('@/actions/ClearDialog')).ClearDialog }));

interface StepLineProps {
  run: Run;
  step: RunStep;
  tryNumber: number;
  newest: boolean;
}

export function StepLine({ run, step, tryNumber, newest }: StepLineProps) {
  const { zone } = useZone();
  const hasLog = step.attempts.some((attempt) => attempt.has_log);
  const log = `${runPath(run.pipeline, run.run_id, 'logs')}?step=${encodeURIComponent(step.step)}&try=${tryNumber}`;
  return (
    <tr>
      <td className="wrap">
        {hasLog ? <Link to={log}>{step.step}</Link> : step.step}
        {step.map_index != null && <span className="dim"> [{step.map_index}]</span>}
      </td>
      <td>
        <StateBadge state={step.state} />
      </td>
      <td className="nowrap" title={step.started ?? undefined}>
        {step.started ? formatClock(step.started, zone) : <span className="dim">–</span>}
      </td>
      <td>{step.started ? <Duration started={step.started} ended={step.ended} /> : <span className="dim">–</span>}</td>
      <td className="num">{step.attempts.length || ''}</td>
      <td className="wrap">
        <Result step={step} pipeline={run.pipeline} />
      </td>
      <td>{newest && <StepActions run={run} step={step} />}</td>
    </tr>
  );
}

function Result({ step, pipeline }: { step: RunStep; pipeline: string }) {
  const last = step.attempts.at(-1);
  return (
    <>
      {step.child_run && <Link to={runPath(pipeline, step.child_run.run_id)}>{step.child_run.run_id}</Link>}
      {step.message || (step.state === 'failed' && last?.message) || ''}
      {step.state === 'failed' && last?.exit_code != null && <span className="dim"> exit code {last.exit_code}</span>}
      {step.state === 'up_for_retry' && step.retry_at && (
        <>
          {' '}
          again at <Time at={step.retry_at} />
        </>
      )}
    </>
  );
}

/** Retry and clear of one step of the user; the built-in ones go with the run. */
function StepActions({ run, step }: { run: Run; step: RunStep }) {
  const operator = useMay('operator');
  const [clearing, setClearing] = useState(false);
  const act = useAction();
  if (!operator || builtin.has(step.step)) return null;
  const canRetry = run.actions.includes('retry');
  const canClear = run.actions.includes('clear');
  if (!canRetry && !canClear) return null;
  const mark = (state: 'success' | 'failed') =>
    act.mutate({ action: { type: 'mark', pipeline: run.pipeline, run: run.run_id, state, steps: [step.step] } });
  return (
    <>
      <Menu>
        <Menu.Target>
          <ActionIcon aria-label={`Actions for ${step.step}`} size="sm" loading={act.isPending}>
            <svg width="14" height="14" viewBox="0 0 14 14" aria-hidden="true" fill="currentColor">
              <circle cx="2.5" cy="7" r="1.4" />
              <circle cx="7" cy="7" r="1.4" />
              <circle cx="11.5" cy="7" r="1.4" />
            </svg>
          </ActionIcon>
        </Menu.Target>
        <Menu.Dropdown>
          {canRetry && (
            <Menu.Item
              onClick={() =>
                act.mutate({ action: { type: 'retry', pipeline: run.pipeline, run: run.run_id, step: step.step } })
              }
            >
              Retry this step and what needs it
            </Menu.Item>
          )}
          {canClear && <Menu.Item onClick={() => setClearing(true)}>Clear this step…</Menu.Item>}
          {canClear && step.state !== 'success' && (
            <Menu.Item onClick={() => mark('success')}>Mark this step success</Menu.Item>
          )}
          {canClear && step.state !== 'failed' && (
            <Menu.Item onClick={() => mark('failed')}>Mark this step failed</Menu.Item>
          )}
        </Menu.Dropdown>
      </Menu>
      {clearing && (
        <Suspense>
          <ClearDialog pipeline={run.pipeline} run={run.run_id} step={step.step} close={() => setClearing(false)} />
        </Suspense>
      )}
    </>
  );
}

const builtin = new Set(['ready', 'detect', 'record', 'backfill']);
