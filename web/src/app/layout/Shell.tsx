import { useState } from 'react';
import { Outlet, useLocation } from 'react-router';
import { Palette } from '@/app/palette/Palette';
import { usePaletteKey } from '@/app/palette/usePaletteKey';
import { ConnectionBar } from './ConnectionBar';
import { Navigation } from './Navigation';
import css from './Shell.module.css';
import { TopBar } from './TopBar';

export function Shell() {
  const [palette, setPalette] = useState(false);
  const { pathname } = useLocation();
  // The narrow menu belongs to the page it was opened on, so it closes by going elsewhere.
  const [menuAt, setMenuAt] = useState<string | null>(null);
  const menu = menuAt === pathname;
  usePaletteKey(() => setPalette(true));
  return (
    <div className={css.shell} data-menu={menu || undefined}>
      <a className={css.skip} href="#main" onClick={() => document.getElementById('main')?.focus()}>
        To the content
      </a>
      <TopBar menu={menu} toggleMenu={() => setMenuAt(menu ? null : pathname)} openPalette={() => setPalette(true)} />
      <Navigation openPalette={() => setPalette(true)} />
      <main id="main" tabIndex={-1} className={css.main}>
        <ConnectionBar />
        <Outlet />
      </main>
      {palette && <Palette close={() => setPalette(false)} />}
    </div>
  );
}
