import { describe, expect, it } from 'vitest';
import type { PartitionSummary } from '@/api/types';
import { partitions } from '../../../support/fake-api/world';
import { calendarOf } from './calendar';
import { nextCell } from './HeatMap';

const at = (interval_start: string | null, key = String(interval_start)): PartitionSummary => ({
  ...(partitions[0] as PartitionSummary),
  key,
  interval_start,
});

describe('calendarOf', () => {
  it('puts days into weeks from Monday, a year at a time', () => {
    const [year] = calendarOf(
      [
        at('2024-01-01T00:00:00.000Z'),
        at('2024-01-07T00:00:00.000Z'),
        at('2024-01-08T00:00:00.000Z'),
        at('2024-12-31T00:00:00.000Z'),
      ],
      'day',
      'UTC',
    );
    expect(year?.cells.map(({ column, row }) => [column, row])).toEqual([
      [0, 0],
      [0, 6],
      [1, 0],
      [52, 1],
    ]);
  });
  it('never puts two days of a year on one place', () => {
    for (const start of [Date.UTC(2023, 0, 1), Date.UTC(2024, 0, 1), Date.UTC(2026, 0, 1)]) {
      const year = new Date(start).getUTCFullYear();
      const days = Array.from({ length: 366 }, (_, day) => new Date(start + day * 86_400_000)).filter(
        (day) => day.getUTCFullYear() === year,
      );
      const [period] = calendarOf(
        days.map((day) => at(day.toISOString())),
        'day',
        'UTC',
      );
      const places = new Set(period?.cells.map(({ column, row }) => `${column}/${row}`));
      expect(places.size).toBe(days.length);
      expect(Math.max(...(period?.cells.map(({ column }) => column) ?? []))).toBeLessThan(54);
    }
  });
  it('takes the day on the wall of the pipeline’s zone', () => {
    const [year] = calendarOf([at('2023-12-31T23:00:00.000Z')], 'day', 'Europe/Berlin');
    expect(year?.id).toBe('2024');
  });
  it('puts hours into months', () => {
    const [month] = calendarOf([at('2024-02-29T23:00:00.000Z')], 'hour', 'UTC');
    expect(month).toMatchObject({ id: '2024-02', width: 29 });
    expect(month?.cells[0]).toMatchObject({ column: 28, row: 23 });
  });
  it('keeps months of several years in rows', () => {
    const [all] = calendarOf([at('2023-11-01T00:00:00.000Z'), at('2024-02-01T00:00:00.000Z')], 'month', 'UTC');
    expect(all?.cells.map(({ column, row }) => [column, row])).toEqual([
      [10, 0],
      [1, 1],
    ]);
  });
  it('leaves to the list what is no calendar', () => {
    expect(calendarOf([at(null)], 'day', 'UTC')).toEqual([]);
    expect(
      calendarOf([at('2024-01-01T00:00:00.000Z', 'a'), at('2024-01-01T00:00:00.000Z', 'b')], 'day', 'UTC'),
    ).toEqual([]);
    expect(calendarOf([at('2024-01-01T00:00:00.000Z')], '3 hours', 'UTC')).toEqual([]);
    expect(calendarOf([at('not a time')], 'day', 'UTC')).toEqual([]);
  });
  it('moves by arrows over days that are missing', () => {
    const [year] = calendarOf(
      [at('2024-01-01T00:00:00.000Z'), at('2024-01-22T00:00:00.000Z'), at('2024-01-24T00:00:00.000Z')],
      'day',
      'UTC',
    );
    const [first, second, third] = year?.cells ?? [];
    if (!year || !first || !second || !third) throw new Error('three cells were expected');
    expect(nextCell(year.cells, first, [1, 0])).toBe(second);
    expect(nextCell(year.cells, second, [0, 1])).toBe(third);
    expect(nextCell(year.cells, first, [-1, 0])).toBe(first);
  });
});
