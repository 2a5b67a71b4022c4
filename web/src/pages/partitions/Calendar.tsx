import { NativeSelect } from '@mantine/core';
import { useState } from 'react';
import css from './Calendar.module.css';
import type { Period } from './calendar';
import { HeatMap } from './HeatMap';

interface CalendarProps {
  periods: Period[];
  chosen: string | null;
  choose: (key: string) => void;
}

const shownAtOnce = 3;

/** The newest periods under each other; older ones by choice. */
export function Calendar({ periods, chosen, choose }: CalendarProps) {
  const withChosen = periods.findIndex((period) => period.cells.some((cell) => cell.partition.key === chosen));
  const [wanted, setWanted] = useState<number | null>(null);
  const last = wanted ?? (withChosen >= 0 ? Math.min(withChosen + 1, periods.length - 1) : periods.length - 1);
  const shown = periods.slice(Math.max(0, last - shownAtOnce + 1), last + 1).reverse();
  return (
    <>
      {periods.length > shownAtOnce && (
        <div className={css.choice}>
          <NativeSelect
            size="xs"
            aria-label="Up to"
            value={String(last)}
            onChange={(event) => setWanted(Number(event.currentTarget.value))}
            data={periods.map((period, index) => ({ value: String(index), label: `Up to ${period.label}` })).reverse()}
          />
        </div>
      )}
      {shown.map((period) => (
        <div key={period.id}>
          {period.id !== 'all' && <h3 className={css.label}>{period.label}</h3>}
          <HeatMap period={period} chosen={chosen} choose={choose} />
        </div>
      ))}
    </>
  );
}
