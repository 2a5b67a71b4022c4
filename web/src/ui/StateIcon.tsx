import { type Glyph, lookOf } from '@/theme/states';
import css from './StateIcon.module.css';

// Strokes in a 16 × 16 box; `fill` where a shape is solid.
const glyphs: Record<Glyph, { stroke?: string; fill?: string }> = {
  check: { stroke: 'M4 8.4l2.8 2.8L12 5.4' },
  cross: { stroke: 'M4.8 4.8l6.4 6.4M11.2 4.8l-6.4 6.4' },
  play: { fill: 'M5.5 4v8l6.5-4z' },
  dots: { fill: 'M3 7h2v2H3zM7 7h2v2H7zM11 7h2v2h-2z' },
  skip: { stroke: 'M3.5 10.5c1-4.5 6-5.5 8.5-2M12.4 4.6v4.2H8.2' },
  slash: { stroke: 'M4 12l8-8' },
  clock: { stroke: 'M8 4.5V8l2.4 1.8' },
  retry: { stroke: 'M11.8 6.2a4.3 4.3 0 1 0 .4 3.4M12.2 3.6v3H9.2' },
  hourglass: { stroke: 'M5 3.6h6M5 12.4h6M5.6 3.6c0 4 4.8 4.8 4.8 8.8M10.4 3.6c0 4-4.8 4.8-4.8 8.8' },
  up: { stroke: 'M8 12V4.6M4.8 7.6L8 4.4l3.2 3.2' },
  hand: { stroke: 'M6 4.4v7.2M10 4.4v7.2' },
  late: { stroke: 'M8 4v4.4l3 1.8', fill: 'M12.2 2.6a1.6 1.6 0 1 1-.1 0z' },
  warn: { stroke: 'M8 4v5', fill: 'M7 10.8h2v1.8H7z' },
  none: {},
};

export function GlyphPath({ glyph }: { glyph: Glyph }) {
  const { stroke, fill } = glyphs[glyph];
  return (
    <>
      {fill && <path d={fill} fill="currentColor" stroke="none" />}
      {stroke && (
        <path
          d={stroke}
          fill="none"
          stroke="currentColor"
          strokeWidth="2"
          strokeLinecap="round"
          strokeLinejoin="round"
        />
      )}
    </>
  );
}

/** The square of a state. Decorative unless `label` is set: the word stands beside it, or in the cell's name. */
export function StateIcon({ state, size = 16, label }: { state: string; size?: number; label?: boolean }) {
  const look = lookOf(state);
  return (
    <svg
      className={css.icon}
      data-family={look.family}
      data-hollow={look.hollow || undefined}
      data-state={state}
      width={size}
      height={size}
      viewBox="0 0 16 16"
      {...(label ? { role: 'img', 'aria-label': look.label } : { 'aria-hidden': true })}
    >
      <GlyphPath glyph={look.glyph} />
    </svg>
  );
}
