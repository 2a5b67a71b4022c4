import { UnstyledButton } from '@mantine/core';
import { NavLink } from 'react-router';
import { usePipelines } from '@/api/pipelines';
import { Brand } from './Brand';
import { ConnectionSign } from './ConnectionBar';
import css from './Navigation.module.css';
import { UserMenu } from './UserMenu';
import { ZoneSwitch } from './ZoneSwitch';

const pages = [
  { to: '/pipelines', label: 'Pipelines' },
  { to: '/plan', label: 'Plan' },
  { to: '/cascade', label: 'Cascade' },
  { to: '/tables', label: 'Tables' },
  { to: '/audit', label: 'Audit' },
  { to: '/settings', label: 'Settings' },
];

/** How many late partitions wait, over all pipelines. */
function useWaiting(): number {
  const items = usePipelines().data?.items ?? [];
  return items.reduce((sum, pipeline) => sum + pipeline.late, 0);
}

export function Navigation({ openPalette }: { openPalette: () => void }) {
  const waiting = useWaiting();
  return (
    <aside className={css.bar} aria-label="Navigation">
      <div className={css.brand}>
        <Brand />
      </div>
      <nav aria-label="Pages" className={css.pages}>
        {pages.map(({ to, label }) => (
          <NavLink key={to} to={to} className={({ isActive }) => (isActive ? css.active : '') ?? ''}>
            {label}
            {to === '/plan' && waiting > 0 && (
              <span className={css.count}>
                {waiting}
                <span className="visually-hidden"> late partitions waiting</span>
              </span>
            )}
          </NavLink>
        ))}
      </nav>
      <div className={css.foot}>
        <UnstyledButton onClick={openPalette} className={css.palette}>
          <kbd>Ctrl K</kbd> search and act
        </UnstyledButton>
        <ZoneSwitch />
        <ConnectionSign />
        <UserMenu />
      </div>
    </aside>
  );
}
