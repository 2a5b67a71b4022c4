import css from './Key.module.css';
import { MarkShape } from './Mark';

const entries = [
  ['on_time', 'on time'],
  ['late', 'late, built since'],
  ['waiting', 'late, waiting'],
  ['compaction', 'compaction'],
  ['rewrite', 'rewrite'],
] as const;

/** What the signs mean. */
export function Key() {
  return (
    <ul className={css.key} aria-label="Legend">
      {entries.map(([look, label]) => (
        <li key={look}>
          <svg width="20" height="20" viewBox="0 0 20 20" aria-hidden="true">
            <MarkShape x={10} y={10} radius={4.5} look={look} />
          </svg>
          {label}
        </li>
      ))}
      <li>
        <svg width="12" height="20" viewBox="0 0 12 20" aria-hidden="true">
          <path d="M6 2v16" stroke="var(--lc-accent)" strokeWidth="3" />
        </svg>
        last built here
      </li>
      <li>
        <svg width="14" height="20" viewBox="0 0 14 20" aria-hidden="true">
          <path d="M7 1v18" stroke="var(--lc-run)" strokeWidth="1.5" strokeDasharray="3 2" />
        </svg>
        seen up to
      </li>
    </ul>
  );
}
