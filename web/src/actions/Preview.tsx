import type { UseQueryResult } from '@tanstack/react-query';
import { asApiError } from '@/api/errors';
import type { ActionResult } from '@/api/types';
import { plural } from '@/lib/format';
import { Notice } from '@/ui/Notice';
import { StateBadge } from '@/ui/StateBadge';
import { TableView } from '@/ui/TableView';
import css from './Preview.module.css';

/** The list of what an action would affect. */
export function Preview({ query }: { query: UseQueryResult<ActionResult> }) {
  if (query.error) {
    const { message, hint } = asApiError(query.error);
    return (
      <Notice kind="bad">
        {message} {hint && <span className="dim">{hint}</span>}
      </Notice>
    );
  }
  if (!query.data) return <p className="dim">Asking what it would affect…</p>;
  const { summary, runs, total_runs, partitions, warnings } = query.data;
  return (
    <div className={css.preview} aria-live="polite">
      <p className="wrap">
        <strong>{summary}</strong>
      </p>
      {warnings.map((warning) => (
        <Notice kind="why" key={warning}>
          {warning}
        </Notice>
      ))}
      {runs.length > 0 && (
        <div className={css.box}>
          <TableView
            label={`Affected: ${plural(total_runs, 'run')}`}
            head={
              <>
                <th>Run</th>
                <th>Now</th>
                <th>What happens</th>
              </>
            }
          >
            {runs.map((run) => (
              <tr key={`${run.pipeline}/${run.run_id}`}>
                <td className="wrap">{run.run_id || run.partition}</td>
                <td>{run.state === 'new' ? 'new' : <StateBadge state={run.state} />}</td>
                <td className="wrap">
                  {run.effect}
                  {run.steps && run.steps.length > 0 && <div className="dim">{run.steps.join(', ')}</div>}
                </td>
              </tr>
            ))}
          </TableView>
        </div>
      )}
      {runs.length === 0 && partitions.length > 1 && (
        <ul className={css.box} aria-label="Affected partitions">
          {partitions.map((partition) => (
            <li key={partition}>{partition}</li>
          ))}
        </ul>
      )}
      {total_runs > runs.length && <p className="dim">and {plural(total_runs - runs.length, 'more run')}.</p>}
    </div>
  );
}
