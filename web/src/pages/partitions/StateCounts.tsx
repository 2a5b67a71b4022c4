import { UnstyledButton } from '@mantine/core';
import { formatInteger } from '@/lib/format';
import { lookOf } from '@/theme/states';
import { StateIcon } from '@/ui/StateIcon';
import css from './StateCounts.module.css';

const order = ['complete', 'late', 'held', 'processing', 'failed', 'never', 'ignored'];

interface StateCountsProps {
  counts: Record<string, number>;
  chosen: string | null;
  /** Absent where the counts are only a legend. */
  choose?: ((state: string | null) => void) | undefined;
}

/** How many partitions are in each state; the legend too. */
export function StateCounts({ counts, chosen, choose }: StateCountsProps) {
  const states = [...order, ...Object.keys(counts).filter((state) => !order.includes(state))].filter(
    (state) => state !== 'ignored' || counts.ignored,
  );
  return (
    <ul className={css.counts} aria-label="Partitions by state">
      {states.map((state) => {
        const content = (
          <>
            <StateIcon state={state} size={14} /> {lookOf(state).label}{' '}
            <strong>{formatInteger(counts[state] ?? 0)}</strong>
          </>
        );
        return (
          <li key={state} title={lookOf(state).meaning}>
            {choose ? (
              <UnstyledButton
                className={css.one}
                aria-pressed={chosen === state}
                onClick={() => choose(chosen === state ? null : state)}
              >
                {content}
              </UnstyledButton>
            ) : (
              <span className={css.one}>{content}</span>
            )}
          </li>
        );
      })}
    </ul>
  );
}
