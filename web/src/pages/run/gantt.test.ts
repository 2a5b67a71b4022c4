import { describe, expect, it } from 'vitest';
import type { RunStep, Try } from '@/api/types';
import { ganttOf } from './gantt';

const at = (seconds: number) => new Date(Date.UTC(2026, 0, 1) + seconds * 1000).toISOString();
const attempt = (number: number, from: number, to: number | null) => ({
  number,
  state: to === null ? ('running' as const) : ('failed' as const),
  exit_code: 1,
  message: '',
  has_log: true,
  started: at(from),
  ended: to === null ? null : at(to),
});
const step = (attempts: RunStep['attempts']): RunStep => ({
  step: 's',
  map_index: null,
  state: 'running',
  message: '',
  started: at(0),
  ended: null,
  retry_at: null,
  child_run: null,
  attempts,
});
const tryOf = (steps: RunStep[], ended: number | null): Try => ({
  number: 1,
  state: 'running',
  token: 1,
  versions: {},
  definition_hash: '',
  message: '',
  started: at(0),
  ended: ended === null ? null : at(ended),
  steps,
});

describe('ganttOf', () => {
  it('draws each attempt and the wait between them, on the axis of one try', () => {
    const { lines, ticks } = ganttOf(tryOf([step([attempt(1, 0, 2), attempt(2, 6, 10)])], 10), 0);
    expect(lines[0]?.bars.map(({ from, to, waiting }) => [from, to, waiting])).toEqual([
      [0, 0.2, false],
      [0.2, 0.6, true],
      [0.6, 1, false],
    ]);
    expect(ticks.map(({ seconds }) => seconds)).toEqual([0, 2, 4, 6, 8, 10]);
  });
  it('runs on to now while it is open', () => {
    const { lines, endMs } = ganttOf(tryOf([step([attempt(1, 0, null)])], null), Date.parse(at(20)));
    expect(endMs).toBe(Date.parse(at(20)));
    expect(lines[0]?.bars[0]).toMatchObject({ from: 0, to: 1 });
  });
  it('bears a clock that is behind the server’s', () => {
    const { lines } = ganttOf(tryOf([step([attempt(1, 1, null)])], null), Date.parse(at(-50)));
    for (const bar of lines[0]?.bars ?? []) {
      expect(bar.from).toBeGreaterThanOrEqual(0);
      expect(bar.to).toBeLessThanOrEqual(1);
    }
  });
  it('leaves a line empty for a step that has not begun', () => {
    expect(ganttOf(tryOf([{ ...step([]), started: null }], 5), 0).lines[0]?.bars).toEqual([]);
  });
});
