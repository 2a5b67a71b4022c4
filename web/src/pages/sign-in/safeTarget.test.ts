import { expect, it } from 'vitest';
import { safeTarget } from './SignInPage';

it('leads only inside', () => {
  expect(safeTarget('/pipelines/a?x=1')).toBe('/pipelines/a?x=1');
  for (const elsewhere of [
    null,
    '',
    'https://evil.example',
    '//evil.example',
    '/\\evil.example',
    'javascript:alert(1)',
  ]) {
    expect(safeTarget(elsewhere)).toBe('/pipelines');
  }
});
