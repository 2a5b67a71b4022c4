import { describe, expect, it } from 'vitest';
import { formatDay, formatTime } from './time';

const now = Date.UTC(2026, 10, 26);

describe('formatTime', () => {
  it('leaves out this year only', () => {
    expect(formatTime('2026-11-21T06:02:11.000Z', 'utc', now)).toBe('21 Nov 06:02:11');
    expect(formatTime('2025-11-21T06:02:11.000Z', 'utc', now)).toBe('21 Nov 2025 06:02:11');
  });
  it('writes midnight as 00, not 24', () =>
    expect(formatTime('2026-11-21T00:00:00.000Z', 'utc', now)).toBe('21 Nov 00:00:00'));
  it('shows what it cannot read as it is', () => expect(formatTime('yesterday', 'utc', now)).toBe('yesterday'));
  it('counts days in the zone that was chosen', () =>
    expect(formatDay('2026-11-21T23:59:59.000Z', 'utc')).toBe('21 Nov 2026'));
});
