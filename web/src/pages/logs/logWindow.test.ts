import { describe, expect, it } from 'vitest';
import {
  append,
  countOf,
  emptyWindow,
  endOf,
  firstOf,
  type LogWindow,
  lineAt,
  openWindow,
  prepend,
  startOf,
} from './logWindow';

/** A server with one log, of one byte to a letter, which cuts pieces at a line's end where there is one. */
const serverOf = (log: string) => (offset: number, limit: number) => {
  let text = log.slice(offset, offset + limit);
  const newline = text.lastIndexOf('\n');
  if (newline >= 0) text = text.slice(0, newline + 1);
  const next_offset = offset + text.length;
  return { text, offset, next_offset, size: log.length, complete: next_offset === log.length };
};

const linesOf = (window: LogWindow): string[] =>
  Array.from({ length: countOf(window) }, (_, index) => lineAt(window, index));
const expected = (log: string): string[] => log.replace(/\n$/, '').split('\n');

function readForward(log: string, limit: number): LogWindow {
  const read = serverOf(log);
  let window = openWindow(read(0, limit));
  while (endOf(window) < log.length) window = append(window, read(endOf(window), limit));
  return window;
}

function readBackward(log: string, limit: number): LogWindow {
  const read = serverOf(log);
  let window = openWindow({
    ...read(0, 0),
    text: log.slice(-limit),
    offset: Math.max(0, log.length - limit),
    next_offset: log.length,
  });
  while (startOf(window) > 0) {
    const start = startOf(window);
    const offset = Math.max(0, start - limit);
    const piece = read(offset, start - offset);
    window = prepend(window, piece, log.slice(piece.next_offset, start));
  }
  return window;
}

/** Lines of many lengths, some longer than a piece, some empty. */
function randomLog(seed: number): string {
  let state = seed;
  const next = (most: number) => {
    state = (Math.imul(state, 1664525) + 1013904223) >>> 0;
    return state % most;
  };
  const lines = Array.from({ length: 1 + next(40) }, () => 'x'.repeat(next(4) === 0 ? next(90) : next(12)));
  return lines.join('\n') + (next(2) ? '\n' : '');
}

describe('a window over a log', () => {
  it('holds the same lines whichever way it was read', () => {
    for (let seed = 1; seed <= 300; seed += 1) {
      const log = randomLog(seed);
      if (log === '' || log === '\n') continue;
      for (const limit of [7, 20, 64]) {
        // Of a log in many pieces only those at the end that was read last are still there.
        const forward = linesOf(readForward(log, limit));
        expect(forward, `seed ${seed}, forward by ${limit}`).toEqual(expected(log).slice(-forward.length));
        const backward = linesOf(readBackward(log, limit));
        expect(backward, `seed ${seed}, backward by ${limit}`).toEqual(expected(log).slice(0, backward.length));
        if (log.length < limit * 8)
          expect([forward.length, backward.length]).toEqual(Array(2).fill(expected(log).length));
      }
    }
  });

  it('keeps the number of a line when lines are put before it', () => {
    const log = Array.from({ length: 100 }, (_, index) => `line ${index}\n`).join('');
    const read = serverOf(log);
    const opened = openWindow({
      ...read(0, 0),
      text: 'line 98\nline 99\n',
      offset: log.length - 16,
      next_offset: log.length,
    });
    expect(firstOf(opened)).toBe(0);
    const more = prepend(opened, read(log.length - 56, 40), '');
    const place = linesOf(more).indexOf('line 98');
    expect(place).toBeGreaterThan(0);
    expect(firstOf(more) + place).toBe(0);
  });

  it('joins a line that grows while it is written', () => {
    let window = openWindow({ text: 'one\ntw', offset: 0, next_offset: 6, size: 6, complete: false });
    window = append(window, { text: 'o', offset: 6, next_offset: 7, size: 7, complete: false });
    window = append(window, { text: '\nthree\n', offset: 7, next_offset: 14, size: 14, complete: true });
    expect(linesOf(window)).toEqual(['one', 'two', 'three']);
    expect(window.complete).toBe(true);
  });

  it('takes no piece that does not belong at its end', () => {
    const window = openWindow({ text: 'a\n', offset: 10, next_offset: 12, size: 40, complete: false });
    expect(linesOf(append(window, { text: 'z\n', offset: 30, next_offset: 32, size: 40, complete: false }))).toEqual([
      'a',
    ]);
  });

  it('lets go of what is far behind, so that its cost does not grow with the log', () => {
    const piece = 'x'.repeat(99).concat('\n').repeat(100);
    let window: LogWindow = emptyWindow;
    const size = piece.length * 500;
    for (let offset = 0; offset < size; offset += piece.length) {
      window = append(window, { text: piece, offset, next_offset: offset + piece.length, size, complete: false });
    }
    expect(endOf(window)).toBe(size);
    expect(endOf(window) - startOf(window)).toBeLessThanOrEqual(piece.length * 32);
    expect(firstOf(window) + countOf(window)).toBe(500 * 100);
  });

  it('knows an empty log', () => {
    const window = openWindow({ text: '', offset: 0, next_offset: 0, size: 0, complete: true });
    expect(countOf(window)).toBe(0);
    expect(window.complete).toBe(true);
  });
});
