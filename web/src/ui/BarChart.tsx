import css from './BarChart.module.css';

export interface BarDatum {
  label: string;
  value: number;
  /** The value in words. */
  text: string;
  family?: 'warn' | 'good';
}

/** Bars from left to right; each has its label below and its value above. */
export function BarChart({ label, data, unit }: { label: string; data: BarDatum[]; unit?: string }) {
  const most = Math.max(...data.map(({ value }) => value), 0) || 1;
  return (
    <figure className={css.figure} aria-label={label} tabIndex={0}>
      <ul className={css.bars}>
        {data.map((datum) => (
          <li key={datum.label} className={css.bar} title={`${datum.label}: ${datum.text}`}>
            <span className={css.value}>{datum.text}</span>
            <span className={css.column}>
              <span
                className={css.fill}
                data-family={datum.family ?? 'warn'}
                style={{ height: `${(datum.value / most) * 100}%` }}
              />
            </span>
            <span className={css.label}>{datum.label}</span>
          </li>
        ))}
      </ul>
      {unit && <figcaption className="dim">{unit}</figcaption>}
    </figure>
  );
}
