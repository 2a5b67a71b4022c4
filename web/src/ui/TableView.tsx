import type { ReactNode } from 'react';
import css from './TableView.module.css';

/** A plain table that scrolls sideways inside its card instead of widening the page. */
export function TableView({ label, head, children }: { label: string; head: ReactNode; children: ReactNode }) {
  return (
    <section className={css.scroll} tabIndex={0} aria-label={label}>
      <table className={css.table}>
        <thead>
          <tr>{head}</tr>
        </thead>
        <tbody>{children}</tbody>
      </table>
    </section>
  );
}
