import { memo } from 'react';
import type { GridRun } from '@/api/types';
import { formatDuration, secondsBetween } from '@/lib/format';
import { lookOf } from '@/theme/states';
import { StateIcon } from '@/ui/StateIcon';
import type { RowProps } from './BarRow';
import css from './Grid.module.css';
import { type Cell, cellOf, type GridRow } from './rows';
import { columnWidth } from './useColumns';

interface StepRowProps extends RowProps {
  row: GridRow;
  index: number;
  opened: boolean;
  toggle: (step: string) => void;
}

export function StepRow({
  columns,
  width,
  runs,
  cursor,
  chosenColumn,
  open,
  cellId,
  row,
  index,
  opened,
  toggle,
}: StepRowProps) {
  return (
    <div role="row" tabIndex={-1} className={css.row}>
      <div role="rowheader" tabIndex={-1} className={row.mapIndex >= 0 ? css.instance : css.name} title={row.label}>
        {row.mapped && row.mapIndex < 0 ? (
          <button type="button" className={css.toggle} aria-expanded={opened} onClick={() => toggle(row.step)}>
            <svg width="10" height="10" viewBox="0 0 10 10" aria-hidden="true">
              <path
                d={opened ? 'M2 3.5l3 3 3-3' : 'M3.5 2l3 3-3 3'}
                fill="none"
                stroke="currentColor"
                strokeWidth="1.6"
              />
            </svg>
            {row.label}
          </button>
        ) : (
          row.label
        )}
      </div>
      <div className={css.cells} role="presentation" style={{ width }}>
        {columns.map((column) => {
          const run = runs[column];
          if (!run) return null;
          return (
            <StepCell
              key={run.run_id}
              id={cellId({ row: index, column })}
              run={run}
              row={row}
              index={index}
              column={column}
              columnFromLeft={runs.length - column}
              chosen={column === chosenColumn}
              here={cursor.row === index && cursor.column === column}
              open={open}
            />
          );
        })}
      </div>
    </div>
  );
}

interface StepCellProps {
  id: string;
  run: GridRun;
  row: GridRow;
  index: number;
  column: number;
  columnFromLeft: number;
  chosen: boolean;
  here: boolean;
  open: RowProps['open'];
}

/** There are hundreds: an element and an icon each, drawn anew only when something about them changed. */
const StepCell = memo(function StepCell(props: StepCellProps) {
  const { id, run, row, index, column, columnFromLeft, chosen, here, open } = props;
  const cell = cellOf(run, row);
  const name = cell ? nameOf(run, row, cell) : 'nothing';
  return (
    // biome-ignore lint/a11y/useKeyWithClickEvents: the keys are those of the grid
    <div
      id={id}
      role="gridcell"
      tabIndex={-1}
      aria-colindex={columnFromLeft}
      aria-label={name}
      aria-selected={chosen}
      data-here={here || undefined}
      title={cell ? name : undefined}
      className={css.cell}
      style={{ right: column * columnWidth }}
      onClick={() => open({ row: index, column })}
    >
      {cell && <StateIcon state={cell.state} size={14} />}
    </div>
  );
});

function nameOf(run: GridRun, row: GridRow, cell: Cell): string {
  const took = cell.started && cell.ended ? `, ${formatDuration(secondsBetween(cell.started, cell.ended))}` : '';
  const tries = cell.attempts > 1 ? `, ${cell.attempts} attempts` : '';
  const child = cell.child ? `, started ${cell.child.run_id}` : '';
  const many = cell.instances > 0 ? `, ${cell.instances} started` : '';
  return `${row.id} of ${run.run_id}: ${lookOf(cell.state).label}${took}${tries}${child}${many}`;
}
