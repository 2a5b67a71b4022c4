import { expect, it } from 'vitest';
import { clearOptions } from './ClearDialog';

it('clears a run at the newest versions, at its own, or only what failed', () => {
  expect(clearOptions('new', new Set(), undefined)).toEqual({
    past: false,
    future: false,
    only_failed: false,
    same_versions: false,
  });
  expect(clearOptions('all', new Set(['past']), undefined)).toEqual({
    past: true,
    future: false,
    only_failed: false,
    same_versions: true,
  });
  expect(clearOptions('failed', new Set(['future']), undefined)).toEqual({
    past: false,
    future: true,
    only_failed: true,
    same_versions: false,
  });
});

it('clears a step with its neighbours only when asked', () => {
  expect(clearOptions('all', new Set(['downstream']), 'extract')).toEqual({
    past: false,
    future: false,
    steps: ['extract'],
    upstream: false,
    downstream: true,
    only_failed: false,
  });
});
