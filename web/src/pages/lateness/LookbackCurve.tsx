import type { Lateness } from '@/api/types';
import css from './Lookback.module.css';

interface CurveProps {
  points: Lateness['lookback'];
  byRows: boolean;
  total: number;
}

const width = 520;
const height = 150;
const pad = { left: 12, right: 12, top: 18, bottom: 22 };

/** Missed falls and waste rises as the look-back grows; each as a share of its own largest. */
export function LookbackCurve({ points, byRows, total }: CurveProps) {
  const x = (index: number) => pad.left + (index / (points.length - 1)) * (width - pad.left - pad.right);
  const y = (share: number) => pad.top + (1 - share) * (height - pad.top - pad.bottom);
  const wasteMost = Math.max(...points.map((point) => point.for_nothing), 1);
  const path = (shareOf: (point: CurveProps['points'][number]) => number) =>
    points
      .map((point, index) => `${index === 0 ? 'M' : 'L'}${x(index).toFixed(1)} ${y(shareOf(point)).toFixed(1)}`)
      .join('');
  const missed = path((point) => (byRows ? point.missed_rows : point.missed_changes) / Math.max(total, 1));
  const waste = path((point) => point.for_nothing / wasteMost);
  const every = Math.max(1, Math.ceil(points.length / 8));
  return (
    <div className={css.curve}>
      <svg
        viewBox={`0 0 ${width} ${height}`}
        role="img"
        aria-label="As the look-back grows, less late data is missed and more is processed for nothing; the table has the numbers"
      >
        <line className={css.rule} x1={pad.left} x2={width - pad.right} y1={y(0)} y2={y(0)} />
        <line className={css.rule} x1={pad.left} x2={width - pad.right} y1={y(1)} y2={y(1)} />
        <path d={missed} className={css.missed} />
        <path d={waste} className={css.waste} />
        <path d={`M${pad.left} 8h18`} className={css.missed} />
        <text x={pad.left + 24} y={12} className={css.axis}>
          late data missed
        </text>
        <path d={`M${width - pad.right - 152} 8h18`} className={css.waste} />
        <text x={width - pad.right} y={12} textAnchor="end" className={css.axis}>
          processed for nothing
        </text>
        {points.map((point, index) =>
          index % every === 0 ? (
            <text key={point.n} x={x(index)} y={height - 6} textAnchor="middle" className={css.axis}>
              {point.n}
            </text>
          ) : null,
        )}
      </svg>
    </div>
  );
}
