import { createTheme, type MantineThemeOverride } from '@mantine/core';

// Colours live in tokens.css: the server's policy lets no style element in, so Mantine doesn't write its variables itself.
export const theme: MantineThemeOverride = createTheme({
  primaryColor: 'teal',
  defaultRadius: 'md',
  fontFamily: 'var(--mantine-font-family)',
  cursorType: 'pointer',
  respectReducedMotion: true,
  components: {
    Button: { defaultProps: { size: 'xs' } },
    ActionIcon: { defaultProps: { variant: 'subtle', color: 'gray' } },
    // Mantine's scroll lock is a style element; see ui/Dialog.tsx.
    Modal: { defaultProps: { lockScroll: false, centered: true } },
    Menu: { defaultProps: { shadow: 'md', withinPortal: true, position: 'bottom-end' } },
    Tooltip: { defaultProps: { openDelay: 250, multiline: true, maw: 360, withArrow: true } },
  },
  variantColorResolver: (input) => variantColors(input.variant, input.color),
});

// All variants from the tokens, so that contrast is decided in one place.
function variantColors(variant: string, color: string | undefined) {
  const family = color === 'red' ? 'bad' : color === 'gray' ? 'idle' : 'accent';
  const solid = `var(--lc-${family})`;
  const text = `var(--lc-${family}-text)`;
  const soft = `var(--lc-${family}-soft)`;
  const onSolid = family === 'accent' ? 'var(--lc-on-accent)' : 'var(--lc-glyph)';
  switch (variant) {
    case 'filled':
      return { background: solid, hover: text, color: onSolid, hoverColor: onSolid, border: '1px solid transparent' };
    case 'light':
      return { background: soft, hover: soft, color: text, border: '1px solid transparent' };
    case 'subtle':
      return { background: 'transparent', hover: 'var(--lc-surface-2)', color: text, border: '1px solid transparent' };
    default:
      return {
        background: 'var(--lc-surface)',
        hover: 'var(--lc-surface-2)',
        color: family === 'bad' ? text : 'var(--lc-text)',
        border: '1px solid var(--lc-line-strong)',
      };
  }
}
