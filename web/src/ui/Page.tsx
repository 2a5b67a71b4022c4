import type { ReactNode } from 'react';
import css from './Page.module.css';

interface PageHeadProps {
  title: ReactNode;
  crumb?: ReactNode;
  badges?: ReactNode;
  actions?: ReactNode;
}

export function PageHead({ title, crumb, badges, actions }: PageHeadProps) {
  return (
    <header className={css.head}>
      <div className={css.names}>
        {crumb && <div className={css.crumb}>{crumb}</div>}
        <div className={css.title}>
          <h1 className="wrap">{title}</h1>
          {badges}
        </div>
      </div>
      {actions && <div className={css.actions}>{actions}</div>}
    </header>
  );
}
