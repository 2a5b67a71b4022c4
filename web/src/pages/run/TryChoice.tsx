import { UnstyledButton } from '@mantine/core';
import type { Try } from '@/api/types';
import { lookOf } from '@/theme/states';
import { StateIcon } from '@/ui/StateIcon';
import css from './TryChoice.module.css';

interface TryChoiceProps {
  tries: Try[];
  chosen: number | undefined;
  choose: (number: number) => void;
}

/** Which try; nothing to choose with one. */
export function TryChoice({ tries, chosen, choose }: TryChoiceProps) {
  if (tries.length < 2) return null;
  return (
    <div className={css.choice}>
      <span className="dim">Try</span>
      {tries.map((one) => (
        <UnstyledButton
          key={one.number}
          className={css.one}
          aria-pressed={one.number === chosen}
          aria-label={`Try ${one.number}: ${lookOf(one.state).label}`}
          title={one.message || undefined}
          onClick={() => choose(one.number)}
        >
          {one.number} <StateIcon state={one.state} size={14} />
        </UnstyledButton>
      ))}
    </div>
  );
}
