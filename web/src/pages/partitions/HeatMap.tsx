import { type KeyboardEvent, useEffect, useId, useMemo, useRef, useState } from 'react';
import { shortPartition } from '@/lib/format';
import { lookOf } from '@/theme/states';
import { StateIcon } from '@/ui/StateIcon';
import type { HeatCell, Period } from './calendar';
import css from './HeatMap.module.css';

interface HeatMapProps {
  period: Period;
  chosen: string | null;
  choose: (key: string) => void;
}

const size = 18;
const labelSpace = 54;
const arrows: Record<string, [number, number]> = {
  ArrowLeft: [-1, 0],
  ArrowRight: [1, 0],
  ArrowUp: [0, -1],
  ArrowDown: [0, 1],
};

/** The next cell in a direction, over empty places. */
export function nextCell(cells: HeatCell[], from: HeatCell, [dx, dy]: [number, number]): HeatCell {
  const ahead = cells
    .map((cell) => ({
      cell,
      along: (cell.column - from.column) * dx + (cell.row - from.row) * dy,
      aside: dx === 0 ? cell.column - from.column : cell.row - from.row,
    }))
    .filter(({ along, aside }) => along > 0 && aside === 0)
    .sort((a, b) => a.along - b.along);
  return ahead[0]?.cell ?? from;
}

/** A calendar of partition states; arrows move, Enter opens. */
export function HeatMap({ period, chosen, choose }: HeatMapProps) {
  const id = useId();
  const [cursor, setCursor] = useState<string | null>(null);
  const rows = useMemo(
    () => period.rows.map((label, row) => ({ label, cells: period.cells.filter((cell) => cell.row === row) })),
    [period],
  );
  const scroller = useRef<HTMLDivElement>(null);
  const here = period.cells.find(({ partition }) => partition.key === (cursor ?? chosen)) ?? period.cells.at(-1);

  // The newest, or what is chosen, is what one looks for; the picture may be wider than its card.
  const column = here?.column ?? 0;
  useEffect(() => {
    const element = scroller.current;
    if (element) element.scrollLeft = (column + 3) * size + labelSpace - element.clientWidth;
  }, [column]);

  const onKeyDown = (event: KeyboardEvent) => {
    if (!here) return;
    if (event.key === 'Enter' || event.key === ' ') {
      event.preventDefault();
      choose(here.partition.key);
    }
    const arrow = arrows[event.key];
    if (!arrow) return;
    event.preventDefault();
    setCursor(nextCell(period.cells, here, arrow).partition.key);
  };
  const cellId = (cell: HeatCell) => `${id}-${cell.column}-${cell.row}`;

  return (
    <div ref={scroller} className={css.scroll}>
      <div className={css.columns} style={{ width: period.width * size }} aria-hidden="true">
        {period.columns.map(({ at, label }) => (
          <span key={`${at}${label}`} style={{ left: at * size }}>
            {label}
          </span>
        ))}
      </div>
      <div
        role="grid"
        tabIndex={0}
        aria-label={`Partitions of ${period.label}: arrows move, Enter opens`}
        aria-activedescendant={here ? cellId(here) : undefined}
        className={css.map}
        onKeyDown={onKeyDown}
      >
        {rows.map(({ label, cells }) => (
          <div key={label} role="row" tabIndex={-1} className={css.row}>
            <div role="rowheader" tabIndex={-1} className={css.label}>
              {label}
            </div>
            <div role="presentation" className={css.cells} style={{ width: period.width * size }}>
              {cells.map((cell) => (
                // biome-ignore lint/a11y/useKeyWithClickEvents: the keys are those of the grid
                <div
                  key={cell.partition.key}
                  id={cellId(cell)}
                  role="gridcell"
                  tabIndex={-1}
                  aria-label={nameOf(cell)}
                  aria-selected={cell.partition.key === chosen}
                  title={nameOf(cell)}
                  data-here={cell === here || undefined}
                  className={css.cell}
                  style={{ left: cell.column * size }}
                  onClick={() => choose(cell.partition.key)}
                >
                  <StateIcon state={cell.partition.state} size={15} />
                </div>
              ))}
            </div>
          </div>
        ))}
      </div>
    </div>
  );
}

const nameOf = ({ partition }: HeatCell): string =>
  `${shortPartition(partition.partition)}: ${lookOf(partition.state).label}${partition.reason ? `, ${partition.reason}` : ''}`;
