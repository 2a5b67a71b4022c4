import { useEffect, useRef } from 'react';
import { NavLink, useLocation } from 'react-router';
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
  const bar = useRef<HTMLElement>(null);
  const { pathname } = useLocation();
  // On a narrow screen the bar is scrolled to the tab one is on.
  // biome-ignore lint/correctness/useExhaustiveDependencies: after each change of the address
  useEffect(() => {
    bar.current?.querySelector(`.${css.active}`)?.scrollIntoView({ block: 'nearest', inline: 'nearest' });
  }, [pathname]);
  return (
    <nav ref={bar} className={css.tabs} aria-label={label}>
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
