import type { PartitionSummary } from '@/api/types';

export interface HeatCell {
  partition: PartitionSummary;
  column: number;
  row: number;
}

/** One picture: a year of days, a month of hours, or all weeks or months. */
export interface Period {
  id: string;
  label: string;
  rows: string[];
  /** Labels over some of the columns. */
  columns: { at: number; label: string }[];
  width: number;
  cells: HeatCell[];
}

interface Wall {
  year: number;
  month: number;
  day: number;
  hour: number;
}

const dayMs = 86_400_000;
const months = ['Jan', 'Feb', 'Mar', 'Apr', 'May', 'Jun', 'Jul', 'Aug', 'Sep', 'Oct', 'Nov', 'Dec'];
const weekdays = ['Mon', 'Tue', 'Wed', 'Thu', 'Fri', 'Sat', 'Sun'];

function wallClock(zone: string): (at: string) => Wall | null {
  let format: Intl.DateTimeFormat;
  const options = { year: 'numeric', month: 'numeric', day: 'numeric', hour: 'numeric', hourCycle: 'h23' } as const;
  try {
    format = new Intl.DateTimeFormat('en-US', { ...options, timeZone: zone });
  } catch {
    format = new Intl.DateTimeFormat('en-US', { ...options, timeZone: 'UTC' });
  }
  return (at) => {
    const time = new Date(at);
    if (Number.isNaN(time.getTime())) return null;
    const part = Object.fromEntries(format.formatToParts(time).map(({ type, value }) => [type, Number(value)]));
    return { year: part.year ?? 0, month: part.month ?? 1, day: part.day ?? 1, hour: part.hour ?? 0 };
  };
}

const utcDay = ({ year, month, day }: Wall): number => Date.UTC(year, month - 1, day);
/** Monday is 0. */
const weekday = (ms: number): number => (new Date(ms).getUTCDay() + 6) % 7;

interface Placed {
  partition: PartitionSummary;
  wall: Wall;
}

function grouped(placed: Placed[], idOf: (wall: Wall) => string): Map<string, Placed[]> {
  const groups = new Map<string, Placed[]>();
  for (const one of placed) {
    const id = idOf(one.wall);
    const group = groups.get(id);
    if (group) group.push(one);
    else groups.set(id, [one]);
  }
  return groups;
}

function yearOfDays(id: string, placed: Placed[]): Period {
  const firstDay = Date.UTC(Number(id), 0, 1);
  const shift = weekday(firstDay);
  const columnOf = (ms: number) => Math.floor((Math.round((ms - firstDay) / dayMs) + shift) / 7);
  return {
    id,
    label: id,
    rows: weekdays,
    columns: months.map((label, month) => ({ at: columnOf(Date.UTC(Number(id), month, 1) + 6 * dayMs), label })),
    width: 53,
    cells: placed.map(({ partition, wall }) => ({
      partition,
      column: columnOf(utcDay(wall)),
      row: weekday(utcDay(wall)),
    })),
  };
}

function monthOfHours(id: string, placed: Placed[]): Period {
  const [year = 0, month = 1] = id.split('-').map(Number);
  const days = new Date(Date.UTC(year, month, 0)).getUTCDate();
  return {
    id,
    label: `${months[month - 1]} ${year}`,
    rows: Array.from({ length: 24 }, (_, hour) => String(hour).padStart(2, '0')),
    columns: Array.from({ length: days }, (_, day) => ({ at: day, label: String(day + 1) })).filter(
      ({ at }) => at % 2 === 0,
    ),
    width: days,
    cells: placed.map(({ partition, wall }) => ({ partition, column: wall.day - 1, row: wall.hour })),
  };
}

function byYear(placed: Placed[], width: number, columnOf: (wall: Wall) => number, columns: Period['columns']): Period {
  const years = [...new Set(placed.map(({ wall }) => wall.year))].sort((a, b) => a - b);
  return {
    id: 'all',
    label: 'All',
    rows: years.map(String),
    columns,
    width,
    cells: placed.map(({ partition, wall }) => ({ partition, column: columnOf(wall), row: years.indexOf(wall.year) })),
  };
}

/**
 * The partitions as calendar pictures, newest last. Empty when they are no calendar: keys that are no dates, several
 * partitions to an interval, or a cadence of several units.
 */
export function calendarOf(partitions: PartitionSummary[], cadence: string, zone: string): Period[] {
  const wallOf = wallClock(zone);
  const placed: Placed[] = [];
  const starts = new Set<string>();
  for (const partition of partitions) {
    if (partition.interval_start === null) continue;
    const wall = wallOf(partition.interval_start);
    // Several to an interval would lie on each other.
    if (wall === null || starts.has(partition.interval_start)) return [];
    starts.add(partition.interval_start);
    placed.push({ partition, wall });
  }
  if (placed.length === 0) return [];
  const two = (value: number) => String(value).padStart(2, '0');
  if (cadence === 'day')
    return [...grouped(placed, ({ year }) => String(year))].sort().map(([id, some]) => yearOfDays(id, some));
  if (cadence === 'hour') {
    return [...grouped(placed, ({ year, month }) => `${year}-${two(month)}`)]
      .sort()
      .map(([id, some]) => monthOfHours(id, some));
  }
  if (cadence === 'month') {
    return [
      byYear(
        placed,
        12,
        ({ month }) => month - 1,
        months.map((label, at) => ({ at, label })),
      ),
    ];
  }
  if (cadence === 'week') {
    const columnOf = (wall: Wall) => Math.floor((utcDay(wall) - Date.UTC(wall.year, 0, 1)) / dayMs / 7);
    return [
      byYear(
        placed,
        53,
        columnOf,
        months.map((label, at) => ({ at: Math.round(at * 4.42), label })),
      ),
    ];
  }
  return [];
}
