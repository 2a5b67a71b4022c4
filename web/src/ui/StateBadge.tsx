import { Tooltip } from '@mantine/core';
import { lookOf } from '@/theme/states';
import css from './StateBadge.module.css';
import { StateIcon } from './StateIcon';

export function StateBadge({ state, title }: { state: string; title?: string | undefined }) {
  const look = lookOf(state);
  return (
    <Tooltip label={title || look.meaning} disabled={!(title || look.meaning)}>
      <span className={css.badge} data-family={look.family}>
        <StateIcon state={state} size={14} />
        {look.label}
      </span>
    </Tooltip>
  );
}
