import { lookOf } from '@/theme/states';
import { StateIcon } from '@/ui/StateIcon';
import { KindSign } from './KindSign';
import css from './Legend.module.css';

const shown = [
  'success',
  'running',
  'failed',
  'skipped',
  'waiting',
  'queued',
  'up_for_retry',
  'upstream_failed',
  'deferred',
  'cancelled',
];

export function Legend() {
  return (
    <ul className={css.legend} aria-label="Legend">
      {shown.map((state) => (
        <li key={state}>
          <StateIcon state={state} size={13} />
          {lookOf(state).label}
        </li>
      ))}
      <li>
        <KindSign kind="backfill" /> backfill
      </li>
      <li>
        <KindSign kind="manual" /> manual
      </li>
    </ul>
  );
}
