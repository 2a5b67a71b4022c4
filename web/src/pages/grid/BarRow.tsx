import type { GridRun } from '@/api/types';
import { formatDuration } from '@/lib/format';
import { lookOf } from '@/theme/states';
import type { Position } from './cursor';
import css from './Grid.module.css';
import { KindSign } from './KindSign';
import { columnWidth } from './useColumns';

export interface RowProps {
  /** Indices of the columns in view. */
  columns: number[];
  width: number;
  runs: GridRun[];
  cursor: Position;
  chosenColumn: number;
  open: (position: Position) => void;
  cellId: (position: Position) => string;
}

interface BarRowProps extends RowProps {
  tallest: number;
  axis: [string, string];
  loadingMore: boolean;
}

/** How long each run took, with the sign of its kind. */
export function BarRow({
  columns,
  width,
  runs,
  cursor,
  chosenColumn,
  open,
  cellId,
  tallest,
  axis,
  loadingMore,
}: BarRowProps) {
  return (
    <div role="row" tabIndex={-1} className={css.barRow}>
      <div role="rowheader" tabIndex={-1} className={css.axis}>
        <span className="visually-hidden">Run</span>
        <span aria-hidden="true">{axis[0]}</span>
        <span aria-hidden="true">{axis[1]}</span>
        <span aria-hidden="true">{loadingMore ? 'loading…' : '0'}</span>
      </div>
      <div className={css.cells} role="presentation" style={{ width }}>
        {columns.map((column) => {
          const run = runs[column];
          if (!run) return null;
          const here = cursor.row === -1 && cursor.column === column;
          return (
            // biome-ignore lint/a11y/useKeyWithClickEvents: the keys are those of the grid
            <div
              key={run.run_id}
              id={cellId({ row: -1, column })}
              role="gridcell"
              tabIndex={-1}
              aria-colindex={runs.length - column}
              aria-label={nameOf(run)}
              aria-selected={column === chosenColumn}
              data-here={here || undefined}
              title={nameOf(run)}
              className={css.bar}
              style={{ right: column * columnWidth }}
              onClick={() => open({ row: -1, column })}
            >
              <Bar run={run} tallest={tallest} />
              <KindSign kind={run.kind} />
            </div>
          );
        })}
      </div>
    </div>
  );
}

function Bar({ run, tallest }: { run: GridRun; tallest: number }) {
  const share = run.duration_seconds == null ? 0 : run.duration_seconds / tallest;
  return (
    <span
      className={css.fill}
      data-family={lookOf(run.state).family}
      style={{ height: `${Math.max(share * 76, 3)}px` }}
    />
  );
}

function nameOf(run: GridRun): string {
  const took = run.duration_seconds == null ? '' : `, ${formatDuration(run.duration_seconds)}`;
  const waits = run.waiting_for ? `, waits for ${run.waiting_for}` : '';
  return `${run.run_id}: ${lookOf(run.state).label}${took}${waits}`;
}
