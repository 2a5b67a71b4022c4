import { useConnection } from '@/api/LiveProvider';
import { useDelayed } from '@/lib/useDelayed';
import css from './ConnectionBar.module.css';

const words = { connecting: 'connecting', live: 'live', lost: 'no connection', asleep: 'resting' } as const;

export function ConnectionSign() {
  const state = useConnection();
  return (
    <span className={css.sign} data-state={state}>
      <span className={css.dot} aria-hidden="true" />
      {words[state]}
    </span>
  );
}

/** Said at the top of the page, but not for a moment's cut. */
export function ConnectionBar() {
  const lost = useDelayed(useConnection() === 'lost', 1500);
  if (!lost) return null;
  return (
    <div className={css.bar} role="status">
      No connection to the server. What you see may be old; it is tried again by itself.
    </div>
  );
}
