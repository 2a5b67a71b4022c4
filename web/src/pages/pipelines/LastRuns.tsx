import { Link } from 'react-router';
import type { PipelineSummary } from '@/api/types';
import { runPath } from '@/lib/paths';
import { lookOf } from '@/theme/states';
import { StateIcon } from '@/ui/StateIcon';
import css from './LastRuns.module.css';

/** The newest runs as squares, oldest first; each leads to its run. */
export function LastRuns({ pipeline: { id, last_runs } }: { pipeline: PipelineSummary }) {
  const shown = last_runs.slice(-12);
  return (
    <ol className={css.runs} aria-label="Last runs">
      {shown.length === 0 && <li className="dim">no runs yet</li>}
      {shown.map((run) => {
        const name = `${run.run_id}: ${lookOf(run.state).label}`;
        return (
          <li key={run.run_id}>
            <Link to={runPath(id, run.run_id)} title={name} aria-label={name} className={css.run}>
              <StateIcon state={run.state} size={16} />
            </Link>
          </li>
        );
      })}
    </ol>
  );
}
