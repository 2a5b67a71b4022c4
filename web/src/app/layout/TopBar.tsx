import { ActionIcon } from '@mantine/core';
import { Brand } from './Brand';
import css from './TopBar.module.css';

interface TopBarProps {
  menu: boolean;
  toggleMenu: () => void;
  openPalette: () => void;
}

/** Only on narrow screens, where the navigation is folded away. */
export function TopBar({ menu, toggleMenu, openPalette }: TopBarProps) {
  return (
    <header className={css.bar}>
      <ActionIcon
        onClick={toggleMenu}
        aria-label={menu ? 'Close the menu' : 'Open the menu'}
        aria-expanded={menu}
        size="lg"
      >
        <svg width="18" height="18" viewBox="0 0 18 18" aria-hidden="true">
          <path
            d={menu ? 'M4 4l10 10M14 4L4 14' : 'M2 5h14M2 9h14M2 13h14'}
            stroke="currentColor"
            strokeWidth="1.8"
            strokeLinecap="round"
          />
        </svg>
      </ActionIcon>
      <Brand />
      <ActionIcon onClick={openPalette} aria-label="Search and act" size="lg">
        <svg
          width="18"
          height="18"
          viewBox="0 0 18 18"
          aria-hidden="true"
          fill="none"
          stroke="currentColor"
          strokeWidth="1.8"
        >
          <circle cx="8" cy="8" r="5" />
          <path d="M12 12l4 4" strokeLinecap="round" />
        </svg>
      </ActionIcon>
    </header>
  );
}
