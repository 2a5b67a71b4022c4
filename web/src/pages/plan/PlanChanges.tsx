import type { Change } from '@/api/types';
import { formatRows, plural } from '@/lib/format';
import { Time } from '@/ui/Time';
import css from './PlanChanges.module.css';

const shownAtOnce = 20;

/** The commits behind an entry, folded when there are several. */
export function PlanChanges({ changes }: { changes: Change[] }) {
  if (changes.length === 0) return null;
  return (
    <details className={css.changes} open={changes.length === 1}>
      <summary>{plural(changes.length, 'commit')}</summary>
      <ul>
        {changes.slice(-shownAtOnce).map((change) => (
          <li key={`${change.source}@${change.version}/${JSON.stringify(change.partition)}`}>
            <code>
              {change.source}@{change.version}
            </code>{' '}
            {change.operation}, {formatRows(change.rows_added, change.rows_removed)} rows,{' '}
            <Time at={change.timestamp} />
          </li>
        ))}
        {changes.length > shownAtOnce && (
          <li className="dim">and {plural(changes.length - shownAtOnce, 'older one')}</li>
        )}
      </ul>
    </details>
  );
}
