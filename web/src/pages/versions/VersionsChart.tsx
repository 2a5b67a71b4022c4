import { useElementSize } from '@mantine/hooks';
import { useEffect, useMemo, useRef } from 'react';
import type { Versions } from '@/api/types';
import { formatDuration, formatRows } from '@/lib/format';
import { lookOf } from '@/theme/states';
import { MarkShape } from './Mark';
import { type DrawnMark, type DrawnRow, labelWidth, pictureOf, rowHeight, topHeight } from './picture';
import css from './VersionsChart.module.css';

interface VersionsChartProps {
  versions: Versions;
  chosen: string | null;
  choose: (key: string) => void;
}

export function VersionsChart({ versions, chosen, choose }: VersionsChartProps) {
  const { ref: sized, width } = useElementSize();
  const scroller = useRef<HTMLDivElement>(null);
  const picture = useMemo(() => pictureOf(versions, width || 800), [versions, width]);
  const newest = versions.commits.at(-1)?.version;

  // The newest commits and partitions are what one looks for.
  // biome-ignore lint/correctness/useExhaustiveDependencies: when other commits are shown
  useEffect(() => {
    const element = scroller.current;
    if (!element) return;
    element.scrollLeft = element.scrollWidth;
    element.scrollTop = element.scrollHeight;
  }, [newest, width > 0]);

  return (
    <div ref={sized}>
      <div ref={scroller} className={css.scroll}>
        <svg
          className={css.chart}
          width={picture.width}
          height={picture.height}
          role="group"
          aria-label="Commits by partitions"
        >
          {picture.seenX !== null && (
            <line className={css.seen} x1={picture.seenX} x2={picture.seenX} y1={topHeight - 6} y2={picture.height} />
          )}
          <BuiltLine rows={picture.rows} />
          {picture.rows.map((row) => (
            <Row
              key={row.partition.key}
              row={row}
              width={picture.width}
              chosen={row.partition.key === chosen}
              choose={choose}
            />
          ))}
          <g className={css.axis} aria-hidden="true">
            {picture.ticks.map(({ x, version }) => (
              <text key={version} x={x} y={12} textAnchor="middle">
                {version}
              </text>
            ))}
          </g>
        </svg>
      </div>
    </div>
  );
}

/** From build to build: what lies to the right of it came after. */
function BuiltLine({ rows }: { rows: DrawnRow[] }) {
  const points = rows.filter((row) => row.builtX !== null).map((row) => `${row.builtX},${row.y}`);
  return <polyline className={css.builtLine} points={points.join(' ')} aria-hidden="true" />;
}

interface RowProps {
  row: DrawnRow;
  width: number;
  chosen: boolean;
  choose: (key: string) => void;
}

function Row({ row, width, chosen, choose }: RowProps) {
  const { partition, y, marks, builtX } = row;
  return (
    <g
      role="button"
      tabIndex={0}
      aria-pressed={chosen}
      aria-label={nameOf(row)}
      className={css.row}
      onClick={() => choose(partition.key)}
      onKeyDown={(event) => {
        if (event.key === 'Enter' || event.key === ' ') {
          event.preventDefault();
          choose(partition.key);
        }
      }}
    >
      <rect className={css.band} x={0} y={y - rowHeight / 2} width={width} height={rowHeight} />
      <text className={css.name} x={12} y={y + 4}>
        {partition.partition.length > 14 ? `…${partition.partition.slice(-13)}` : partition.partition}
      </text>
      <line className={css.rule} x1={labelWidth} x2={width} y1={y + rowHeight / 2} y2={y + rowHeight / 2} />
      {builtX !== null && <line className={css.built} x1={builtX} x2={builtX} y1={y - 7} y2={y + 7} />}
      {marks.map((drawn) => (
        <g key={drawn.mark.version}>
          <title>{titleOf(drawn)}</title>
          <MarkShape {...drawn} />
        </g>
      ))}
    </g>
  );
}

const words: Record<DrawnMark['look'], string> = {
  on_time: 'on time',
  late: 'late, built since',
  waiting: 'late, waiting',
  compaction: 'compaction: no data changed',
  rewrite: 'rewrite',
};

function titleOf({ mark, look }: DrawnMark): string {
  const late =
    mark.lateness_seconds && mark.lateness_seconds > 0
      ? `, ${formatDuration(mark.lateness_seconds)} after its end`
      : '';
  return `version ${mark.version}: ${formatRows(mark.rows_added, mark.rows_removed)} rows, ${words[look]}${late}`;
}

function nameOf({ partition, marks }: DrawnRow): string {
  const waiting = marks.filter((drawn) => drawn.look === 'waiting').length;
  const built = partition.built_at_version === null ? 'not built' : `built at version ${partition.built_at_version}`;
  return `${partition.partition}: ${lookOf(partition.state).label}, ${marks.length} changes, ${waiting} waiting, ${built}`;
}
