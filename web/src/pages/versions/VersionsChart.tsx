import { useElementSize } from '@mantine/hooks';
import { useEffect, useMemo, useRef } from 'react';
import type { Versions } from '@/api/types';
import { formatDuration, formatRows, shortPartition } from '@/lib/format';
import { lookOf } from '@/theme/states';
import { MarkShape } from './Mark';
import { type DrawnMark, type DrawnRow, labelWidth, type Picture, pictureOf, rowHeight } from './picture';
import css from './VersionsChart.module.css';

interface VersionsChartProps {
  versions: Versions;
  chosen: string | null;
  choose: (key: string) => void;
}

/** Names of partitions stay at the left and versions at the top while the picture is moved. */
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
        <div className={css.inner} style={{ gridTemplateColumns: `${labelWidth}px ${picture.width}px` }}>
          <div className={css.corner} />
          <Axis picture={picture} />
          <Names rows={picture.rows} chosen={chosen} choose={choose} />
          <Marks picture={picture} chosen={chosen} choose={choose} />
        </div>
      </div>
    </div>
  );
}

function Axis({ picture: { width, ticks } }: { picture: Picture }) {
  return (
    <svg className={css.axis} width={width} height={22} aria-hidden="true">
      {ticks.map(({ x, version }) => (
        <text key={version} x={x} y={14} textAnchor="middle">
          {version}
        </text>
      ))}
    </svg>
  );
}

interface RowsProps {
  rows: DrawnRow[];
  chosen: string | null;
  choose: (key: string) => void;
}

/** The rows for the keyboard and for readers: each name says what its marks show. */
function Names({ rows, chosen, choose }: RowsProps) {
  return (
    <ul className={css.names} aria-label="Partitions">
      {rows.map((row) => (
        <li key={row.partition.key}>
          <button
            type="button"
            aria-pressed={row.partition.key === chosen}
            aria-label={nameOf(row)}
            title={row.partition.partition}
            onClick={() => choose(row.partition.key)}
          >
            {shortPartition(row.partition.partition)}
          </button>
        </li>
      ))}
    </ul>
  );
}

interface MarksProps {
  picture: Picture;
  chosen: string | null;
  choose: (key: string) => void;
}

function Marks({ picture, chosen, choose }: MarksProps) {
  const { width, height, rows, seenX } = picture;
  return (
    <svg className={css.marks} width={width} height={height} aria-hidden="true">
      {rows.map((row) => (
        // biome-ignore lint/a11y/noStaticElementInteractions: the names beside are the buttons
        <rect
          key={row.partition.key}
          className={css.band}
          data-chosen={row.partition.key === chosen || undefined}
          x={0}
          y={row.y - rowHeight / 2}
          width={width}
          height={rowHeight}
          onClick={() => choose(row.partition.key)}
        />
      ))}
      {seenX !== null && <line className={css.seen} x1={seenX} x2={seenX} y1={0} y2={height} />}
      <BuiltLine rows={rows} />
      {rows.map((row) => (
        <g key={row.partition.key} className={css.row}>
          {row.builtX !== null && (
            <line className={css.built} x1={row.builtX} x2={row.builtX} y1={row.y - 7} y2={row.y + 7} />
          )}
          {row.marks.map((drawn) => (
            // biome-ignore lint/a11y/noStaticElementInteractions: the names beside are the buttons
            <g key={drawn.mark.version} onClick={() => choose(row.partition.key)}>
              <title>{titleOf(drawn)}</title>
              <MarkShape {...drawn} />
            </g>
          ))}
        </g>
      ))}
    </svg>
  );
}

/** From build to build: what lies to the right of it came after. */
function BuiltLine({ rows }: { rows: DrawnRow[] }) {
  const points = rows.filter((row) => row.builtX !== null).map((row) => `${row.builtX},${row.y}`);
  return <polyline className={css.builtLine} points={points.join(' ')} />;
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
  return `${shortPartition(partition.partition)}: ${lookOf(partition.state).label}, ${marks.length} changes, ${waiting} waiting, ${built}`;
}
