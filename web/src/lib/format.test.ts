import { describe, expect, it } from 'vitest';
import {
  formatBytes,
  formatDuration,
  formatInteger,
  formatPercent,
  formatRows,
  formatVersions,
  secondsBetween,
  shortPartition,
} from './format';

const plain = (text: string) => text.replaceAll('\u202f', ' ');

describe('formatDuration', () => {
  it.each([
    [0, '0 ms'],
    [0.12, '120 ms'],
    [0.9996, '1000 ms'],
    [8.44, '8.4 s'],
    [59.94, '60 s'],
    [59.96, '1 m'],
    [130, '2 m 10 s'],
    [3600, '1 h'],
    [3599.7, '1 h'],
    [86_399.9, '1 d'],
    [6 * 86_400 + 4 * 3600 + 59, '6 d 4 h'],
    [-90, '−1 m 30 s'],
    [400 * 86_400, '400 d'],
  ])('%s s is %s', (seconds, text) => expect(plain(formatDuration(seconds))).toBe(text));

  it('says nothing of what is not known', () => {
    for (const unknown of [null, undefined, Number.NaN, Number.POSITIVE_INFINITY])
      expect(formatDuration(unknown)).toBe('–');
  });
});

describe('numbers', () => {
  it('groups by three and never breaks', () => {
    expect(formatInteger(1_284_000)).toBe('1\u202f284\u202f000');
    expect(formatInteger(0)).toBe('0');
    expect(formatInteger(null)).toBe('unknown');
  });
  it('keeps small shares visible', () => {
    expect(plain(formatPercent(0.041))).toBe('4.1 %');
    expect(plain(formatPercent(0.00004))).toBe('< 0.1 %');
    expect(plain(formatPercent(0))).toBe('0.0 %');
    expect(plain(formatPercent(1))).toBe('100 %');
  });
  it('uses the unit that fits', () => {
    expect(plain(formatBytes(1023))).toBe('1023 B');
    expect(plain(formatBytes(1024))).toBe('1.0 KiB');
    expect(plain(formatBytes(100 * 1024 ** 2))).toBe('100 MiB');
  });
  it('tells unknown rows from none', () => {
    expect(formatRows(null, null)).toBe('unknown');
    expect(formatRows(0, 0)).toBe('0');
    expect(formatRows(412, 0)).toBe('+412');
    expect(formatRows(5, 2)).toBe('+5 −2');
    expect(formatRows(null, 2)).toBe('−2');
  });
});

describe('others', () => {
  it('writes a version vector as the ledger does', () => {
    expect(formatVersions({ devices: 3, users: 7 })).toBe('devices@3, users@7');
    expect(formatVersions(null)).toBe('');
  });
  it('takes the value of a key with one column', () => {
    expect(shortPartition('event_time=2024-01-01')).toBe('2024-01-01');
    for (const whole of ['2024-01-01', 'year=2024/month=1', 'event_time=', 'a=b=c', 'the whole table'])
      expect(shortPartition(whole)).toBe(whole);
  });
  it('measures from start to end or to a moment', () => {
    expect(secondsBetween('2024-01-01T00:00:00.000Z', '2024-01-01T00:00:01.500Z')).toBe(1.5);
    expect(secondsBetween('2024-01-01T00:00:00.000Z', Date.UTC(2024, 0, 1, 0, 1))).toBe(60);
    expect(secondsBetween(null, 0)).toBeNull();
  });
});
