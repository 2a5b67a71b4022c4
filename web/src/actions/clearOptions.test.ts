import { expect, it } from 'vitest';
import { clearOptions } from './ClearDialog';

it('clears a run at the newest versions, at its own, only what failed, or only new steps', () => {
  const plain = { past: false, future: false, only_failed: false, new_steps: false, same_versions: false };
  expect(clearOptions('all', new Set(), undefined)).toEqual(plain);
  expect(clearOptions('all', new Set(['past', 'same_versions']), undefined)).toEqual({
    ...plain,
    past: true,
    same_versions: true,
  });
  expect(clearOptions('failed', new Set(['future']), undefined)).toEqual({ ...plain, future: true, only_failed: true });
  expect(clearOptions('new', new Set(['downstream']), undefined)).toEqual({ ...plain, new_steps: true });
});

it('clears a step with its neighbours only when asked', () => {
  expect(clearOptions('all', new Set(['downstream']), 'extract')).toEqual({
    past: false,
    future: false,
    only_failed: false,
    steps: ['extract'],
    upstream: false,
    downstream: true,
  });
});
