import { NavLink } from 'react-router';
import css from './TabLinks.module.css';

export interface TabLink {
  to: string;
  label: string;
  /** Only this very address, not what lies under it. */
  exact?: boolean;
  count?: number | undefined;
  active?: boolean;
}

/** Tabs that are links, so that each has an address. */
export function TabLinks({ label, tabs }: { label: string; tabs: TabLink[] }) {
  return (
    <nav className={css.tabs} aria-label={label}>
      {tabs.map((tab) => (
        <NavLink
          key={tab.to}
          to={tab.to}
          end={tab.exact ?? false}
          className={({ isActive }) => ((tab.active ?? isActive) ? css.active : '') ?? ''}
        >
          {tab.label}
          {tab.count ? <span className={css.count}>{tab.count}</span> : null}
        </NavLink>
      ))}
    </nav>
  );
}
