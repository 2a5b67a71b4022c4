import { type KeyboardEvent, useCallback, useEffect, useId, useMemo, useRef, useState } from 'react';
import { useNavigate } from 'react-router';
import type { GridRun, StepDefinition } from '@/api/types';
import { formatDuration } from '@/lib/format';
import { runPath } from '@/lib/paths';
import { BarRow } from './BarRow';
import { move, type Position } from './cursor';
import css from './Grid.module.css';
import { cellOf, niceCeiling, rowsOf } from './rows';
import { StepRow } from './StepRow';
import { useColumns } from './useColumns';

export interface GridProps {
  pipeline: string;
  steps: StepDefinition[];
  /** Newest first. */
  runs: GridRun[];
  chosen: string | undefined;
  /** Kept in every address. */
  search: string;
  hasMore: boolean;
  loadMore: () => void;
  loadingMore: boolean;
}

export function Grid({ pipeline, steps, runs, chosen, search, hasMore, loadMore, loadingMore }: GridProps) {
  const id = useId();
  const navigate = useNavigate();
  const scroller = useRef<HTMLDivElement>(null);
  const [opened, setOpened] = useState<ReadonlySet<string>>(new Set());
  const [cursor, setCursor] = useState<Position>({ column: 0, row: -1 });
  const rows = useMemo(() => rowsOf(steps, runs, opened), [steps, runs, opened]);
  const columns = useColumns(scroller, runs.length, hasMore, loadMore);
  const tallest = useMemo(
    () => niceCeiling(runs.reduce((most, run) => Math.max(most, run.duration_seconds ?? 0), 0)),
    [runs],
  );
  const chosenColumn = useMemo(() => runs.findIndex((run) => run.run_id === chosen), [runs, chosen]);

  // A run that was chosen by its address is brought into view once.
  const { show } = columns;
  useEffect(() => {
    if (chosenColumn > 0) show(chosenColumn);
  }, [chosenColumn, show]);

  const open = useCallback(
    (position: Position) => {
      const run = runs[position.column];
      if (!run) return;
      setCursor(position);
      void navigate(addressOf(pipeline, run, rows[position.row], search));
    },
    [navigate, pipeline, rows, runs, search],
  );
  const toggle = useCallback(
    (step: string) => setOpened((old) => (old.has(step) ? without(old, step) : new Set(old).add(step))),
    [],
  );

  const onKeyDown = (event: KeyboardEvent) => {
    if (event.ctrlKey || event.metaKey || event.altKey) return;
    const row = rows[cursor.row];
    if (event.key === 'Enter' || event.key === ' ') {
      event.preventDefault();
      open(cursor);
    } else if (row?.mapped && (event.key === '+' || event.key === '-')) {
      toggle(row.step);
    }
    const next = move(cursor, event.key, runs.length, rows.length);
    if (!next) return;
    event.preventDefault();
    setCursor(next);
    show(next.column);
  };

  const cellId = (position: Position) => `${id}-${position.row}-${position.column}`;
  const shared = { columns: columns.items, width: columns.width, runs, cursor, chosenColumn, open, cellId };
  return (
    // The keyboard stays on the grid; the cell it is at is named by aria-activedescendant.
    <div
      ref={scroller}
      className={css.scroller}
      role="grid"
      tabIndex={0}
      aria-label={`Runs of ${pipeline}: arrows move, Enter opens`}
      aria-rowcount={rows.length + 1}
      aria-colcount={runs.length}
      aria-activedescendant={cellId(cursor)}
      onKeyDown={onKeyDown}
    >
      <div className={css.content}>
        <BarRow
          {...shared}
          tallest={tallest}
          axis={[formatDuration(tallest), formatDuration(tallest / 2)]}
          loadingMore={loadingMore}
        />
        {rows.map((row, index) => (
          <StepRow key={row.id} {...shared} row={row} index={index} opened={opened.has(row.step)} toggle={toggle} />
        ))}
      </div>
    </div>
  );
}

const without = (set: ReadonlySet<string>, value: string): ReadonlySet<string> =>
  new Set([...set].filter((one) => one !== value));

/** A step of the user leads to its log, an instance of `backfill` to the run it started, the rest to the run. */
function addressOf(
  pipeline: string,
  run: GridRun,
  row: ReturnType<typeof rowsOf>[number] | undefined,
  search: string,
): string {
  if (!row) return runPath(pipeline, run.run_id) + search;
  const child = cellOf(run, row)?.child;
  if (child) return runPath(pipeline, child.run_id) + search;
  if (row.builtin) return runPath(pipeline, run.run_id) + search;
  return `${runPath(pipeline, run.run_id, 'logs')}${search ? `${search}&` : '?'}step=${encodeURIComponent(row.step)}`;
}
