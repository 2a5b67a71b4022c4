import type { VersionMark, VersionPartition, Versions } from '@/api/types';

export const rowHeight = 18;
export const labelWidth = 112;

export interface DrawnMark {
  mark: VersionMark;
  x: number;
  y: number;
  radius: number;
  look: 'on_time' | 'late' | 'waiting' | 'compaction' | 'rewrite';
}

export interface DrawnRow {
  partition: VersionPartition;
  y: number;
  marks: DrawnMark[];
  /** Where the sign of the newest build stands: behind the commit it was built from. Null: not built, or from before the first commit shown. */
  builtX: number | null;
}

export interface Picture {
  width: number;
  height: number;
  rows: DrawnRow[];
  ticks: { x: number; version: number }[];
  /** Behind the newest commit that was seen; null when it isn't among those shown. */
  seenX: number | null;
}

const least = 9;
const most = 26;

export function lookOfMark({ class: kind, unseen }: VersionMark): DrawnMark['look'] {
  if (kind === 'late' && unseen) return 'waiting';
  return kind;
}

/** Rows changed by a mark; null where the number isn't known. */
const weight = ({ rows_added, rows_removed }: VersionMark): number | null =>
  rows_added === null && rows_removed === null ? null : (rows_added ?? 0) + (rows_removed ?? 0);

/** The area of a mark follows its rows, between a size one can hit and the height of a line. */
function radiusOf(mark: VersionMark, largest: number): number {
  const rows = weight(mark);
  if (rows === null || largest <= 0) return 4.5;
  return 3 + 4.5 * Math.sqrt(Math.min(1, rows / largest));
}

/** Where everything stands: commits along x, oldest at the left; partitions along y, oldest at the top. */
export function pictureOf({ commits, partitions, marks, seen }: Versions, space: number): Picture {
  const step = Math.max(least, Math.min(most, commits.length > 0 ? (space - labelWidth - 24) / commits.length : most));
  const xOf = new Map(commits.map(({ version }, index) => [version, (index + 0.5) * step]));
  const largest = marks.reduce(
    (found, mark) => Math.max(found, mark.class === 'compaction' ? 0 : (weight(mark) ?? 0)),
    0,
  );
  const byKey = new Map<string, VersionMark[]>();
  for (const mark of marks) byKey.set(mark.key, [...(byKey.get(mark.key) ?? []), mark]);

  /** Behind the newest shown commit that isn't newer than `version`. */
  const behind = (version: number | null): number | null => {
    if (version === null) return null;
    const index = commits.findLastIndex((commit) => commit.version <= version);
    return index < 0 ? null : (index + 1) * step;
  };
  const rows = partitions.map((partition, index) => {
    const y = (index + 0.5) * rowHeight;
    const own = (byKey.get(partition.key) ?? []).flatMap((mark) => {
      const x = xOf.get(mark.version);
      return x === undefined ? [] : [{ mark, x, y, radius: radiusOf(mark, largest), look: lookOfMark(mark) }];
    });
    return { partition, y, marks: own, builtX: behind(partition.built_at_version) };
  });
  const every = Math.max(1, Math.ceil(52 / step));
  const ticks = commits.flatMap(({ version }, index) =>
    index % every === 0 ? [{ x: (index + 0.5) * step, version }] : [],
  );
  return {
    width: commits.length * step + 12,
    height: partitions.length * rowHeight,
    rows,
    ticks,
    seenX: behind(seen),
  };
}
