import type { Lateness } from '@/api/types';
import { formatInteger, formatPercent, plural } from '@/lib/format';
import { TableView } from '@/ui/TableView';
import css from './Lookback.module.css';
import { LookbackCurve } from './LookbackCurve';

/** What the last N intervals processed again each time would have missed, and processed for nothing. */
export function Lookback({ report: { lookback, late, by_rows } }: { report: Lateness }) {
  const total = by_rows ? late.rows : late.changes;
  return (
    <>
      {lookback.length > 1 && <LookbackCurve points={lookback} byRows={by_rows} total={total} />}
      <TableView
        label="Look-back trade-off"
        head={
          <>
            <th>Look-back</th>
            <th className="num">Late data missed</th>
            <th className="num">Processed again</th>
            <th className="num">For nothing</th>
          </>
        }
      >
        {lookback.map((point) => {
          const missed = by_rows ? point.missed_rows : point.missed_changes;
          return (
            <tr key={point.n}>
              <td>{point.n === 0 ? 'none' : plural(point.n, 'interval')}</td>
              <td className="num">
                {formatInteger(missed)} {total > 0 && <span className="dim">({formatPercent(missed / total)})</span>}
              </td>
              <td className="num">{formatInteger(point.processed_again)}</td>
              <td className="num">{formatInteger(point.for_nothing)}</td>
            </tr>
          );
        })}
        <tr className={css.ours}>
          <td>by changes (latecomer)</td>
          <td className="num">0</td>
          <td className="num">only what changed</td>
          <td className="num">0</td>
        </tr>
      </TableView>
    </>
  );
}
