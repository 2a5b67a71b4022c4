import type { ReactNode } from 'react';
import css from './Facts.module.css';

export interface Fact {
  label: string;
  value: ReactNode;
  mono?: boolean;
}

/** A row of names with their values. */
export function Facts({ facts }: { facts: (Fact | false | null | undefined)[] }) {
  return (
    <dl className={css.facts}>
      {facts.map(
        (fact) =>
          fact && (
            <div key={fact.label}>
              <dt>{fact.label}</dt>
              <dd className={fact.mono ? 'mono wrap' : 'wrap'}>{fact.value}</dd>
            </div>
          ),
      )}
    </dl>
  );
}
