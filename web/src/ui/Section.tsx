import type { ReactNode } from 'react';
import css from './Section.module.css';

/** A part of a panel under a small heading. */
export function Section({ title, children }: { title: string; children: ReactNode }) {
  return (
    <section className={css.section}>
      <h3>{title}</h3>
      {children}
    </section>
  );
}
