import { expect, it } from 'vitest';
import { gridOf } from './prefetch';

it('knows whose grid an address shows', () => {
  expect(gridOf('/pipelines/a%2Fb')).toBe('a/b');
  expect(gridOf('/pipelines/devices/runs/latest/logs')).toBe('devices');
  for (const other of ['/', '/pipelines', '/pipelines/devices/plan', '/tables/pipelines/x', '/pipelines/%E0%A4%A'])
    expect(gridOf(other)).toBeNull();
});
