import { describe, expect, it } from 'vitest';
import type { GridRun } from '@/api/types';
import { makeRuns, steps } from '../../../support/fake-api/world';
import { move } from './cursor';
import { keptSearch, readFilters } from './filters';
import { mergeRuns } from './mergeRuns';
import { cellOf, niceCeiling, rowsOf } from './rows';

const runs = makeRuns('p', 40, steps);
const withId = (run_id: string, state: GridRun['state'] = 'success') => ({ ...(runs[0] as GridRun), run_id, state });

describe('rows', () => {
  it('opens a mapped step to as many instances as a run has', () => {
    const labels = (opened: string[]) => rowsOf(steps, runs, new Set(opened)).map((row) => row.label);
    expect(labels([])).toEqual(['ready', 'detect', 'process_devices', 'publish', 'record', 'backfill [ ]']);
    expect(labels(['backfill'])).toEqual([
      'ready',
      'detect',
      'process_devices',
      'publish',
      'record',
      'backfill [ ]',
      '[0]',
      '[1]',
    ]);
  });
  it('shows steps that only an older definition had', () => {
    const old = {
      ...(runs[0] as GridRun),
      steps: [{ step: 'gone', state: 'success' as const, started: null, ended: null, attempts: 1 }],
    };
    expect(rowsOf(steps, [old], new Set()).at(-1)?.step).toBe('gone');
  });
  it('leaves a cell empty where a run had no such step or instance', () => {
    const rows = rowsOf(steps, runs, new Set(['backfill']));
    const instance = rows.at(-1);
    const withChildren = runs.find((run) => run.steps.some((step) => (step.children?.length ?? 0) > 1));
    if (!instance || !withChildren) throw new Error('the fixture lost its mapped runs');
    expect(cellOf(withChildren, instance)?.child?.run_id).toMatch(/^backfill_/);
    expect(cellOf(withId('x'), instance)).toBeNull();
  });
});

describe('mergeRuns', () => {
  const ids = (list: GridRun[]) => list.map((run) => run.run_id);
  it('keeps runs that a newer first page pushed out, once each', () => {
    const merged = mergeRuns([withId('e'), withId('d')], [withId('d'), withId('c')], [[withId('b')], [withId('a')]]);
    expect(ids(merged)).toEqual(['e', 'd', 'c', 'b', 'a']);
  });
  it('believes the freshest', () => {
    expect(mergeRuns([withId('a', 'failed')], [withId('a', 'running')], [[withId('a', 'queued')]])[0]?.state).toBe(
      'failed',
    );
  });
});

describe('the keyboard', () => {
  it('goes to the past at the left and stays inside', () => {
    expect(move({ column: 0, row: -1 }, 'ArrowLeft', 3, 2)).toEqual({ column: 1, row: -1 });
    expect(move({ column: 2, row: -1 }, 'ArrowLeft', 3, 2)).toEqual({ column: 2, row: -1 });
    expect(move({ column: 0, row: 0 }, 'ArrowRight', 3, 2)).toEqual({ column: 0, row: 0 });
    expect(move({ column: 1, row: 1 }, 'ArrowDown', 3, 2)).toEqual({ column: 1, row: 1 });
    expect(move({ column: 1, row: 0 }, 'Home', 3, 2)).toEqual({ column: 2, row: 0 });
    expect(move({ column: 1, row: 0 }, 'End', 3, 2)).toEqual({ column: 0, row: 0 });
  });
  it('leaves other keys to the page', () => expect(move({ column: 0, row: 0 }, 'Tab', 3, 2)).toBeNull());
});

describe('filters', () => {
  it('reads days as whole days, and drops what it does not know', () => {
    expect(readFilters(new URLSearchParams('kind=backfill,evil&state=x&from=2026-11-01&to=2026-11-02'))).toEqual({
      kind: 'backfill',
      from: '2026-11-01T00:00:00.000Z',
      to: '2026-11-03T00:00:00.000Z',
    });
    expect(readFilters(new URLSearchParams('from=yesterday&to=2026-99-99'))).toEqual({});
  });
  it('keeps only filters from run to run', () => {
    expect(keptSearch(new URLSearchParams('step=a&kind=manual&try=2'))).toBe('?kind=manual');
    expect(keptSearch(new URLSearchParams('step=a'))).toBe('');
  });
});

describe('niceCeiling', () => {
  it.each([
    [0, 1],
    [0.03, 0.05],
    [4.2, 5],
    [61, 120],
    [100_000, 172_800],
  ])('%s s fits under %s s', (seconds, ceiling) => expect(niceCeiling(seconds)).toBeCloseTo(ceiling));
});
