import type { ReactNode } from 'react';
import css from './Card.module.css';

interface CardProps {
  title?: ReactNode;
  aside?: ReactNode;
  children: ReactNode;
  /** Without inner space, for tables and grids that reach the edges. */
  flush?: boolean;
  className?: string | undefined;
}

export function Card({ title, aside, children, flush, className }: CardProps) {
  return (
    <section className={className ? `${css.card} ${className}` : css.card}>
      {(title || aside) && (
        <header className={css.head}>
          {title && <h2>{title}</h2>}
          {aside && <div className={css.aside}>{aside}</div>}
        </header>
      )}
      <div className={flush ? css.flush : css.body}>{children}</div>
    </section>
  );
}
