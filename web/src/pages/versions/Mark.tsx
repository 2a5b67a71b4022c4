import css from './Mark.module.css';
import type { DrawnMark } from './picture';

type Shape = Pick<DrawnMark, 'x' | 'y' | 'radius' | 'look'>;

/** The sign of a change; the shape tells what the colour tells. */
export function MarkShape({ x, y, radius, look }: Shape) {
  switch (look) {
    case 'on_time':
      return <circle cx={x} cy={y} r={radius} className={css.onTime} />;
    case 'late':
      return (
        <path d={`M${x} ${y - radius - 1}l${radius + 1} ${radius * 1.8}h${-2 * (radius + 1)}z`} className={css.late} />
      );
    case 'waiting':
      return (
        <g>
          <path
            d={`M${x} ${y - radius - 1}l${radius + 1} ${radius * 1.8}h${-2 * (radius + 1)}z`}
            className={css.late}
          />
          <circle cx={x} cy={y} r={8} className={css.ring} />
        </g>
      );
    case 'compaction':
      return <rect x={x - 3} y={y - 3} width={6} height={6} className={css.compaction} />;
    case 'rewrite':
      return (
        <path
          d={`M${x} ${y - radius}l${radius} ${radius}l${-radius} ${radius}l${-radius} ${-radius}z`}
          className={css.rewrite}
        />
      );
  }
}
