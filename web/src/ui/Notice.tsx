import type { ReactNode } from 'react';
import css from './Notice.module.css';
import { GlyphPath } from './StateIcon';

type Kind = 'why' | 'bad' | 'info';
const glyphOf = { why: 'late', bad: 'warn', info: 'dots' } as const;

/** A sentence that must be seen: a reason, or a fault. */
export function Notice({ kind, children }: { kind: Kind; children: ReactNode }) {
  return (
    <div className={css.notice} data-kind={kind} role={kind === 'bad' ? 'alert' : undefined}>
      <svg width="18" height="18" viewBox="0 0 16 16" aria-hidden="true">
        <circle cx="8" cy="8" r="7" fill="none" stroke="currentColor" strokeWidth="1.4" />
        <GlyphPath glyph={glyphOf[kind]} />
      </svg>
      <div className="wrap">{children}</div>
    </div>
  );
}
