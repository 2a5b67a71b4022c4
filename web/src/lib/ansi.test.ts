import { describe, expect, it } from 'vitest';
import { parseAnsi, plainText } from './ansi';

const esc = '\u001b';

describe('parseAnsi', () => {
  it('leaves plain text alone', () => expect(parseAnsi('a < b & c')).toEqual([{ text: 'a < b & c' }]));
  it('colours until reset', () => {
    expect(parseAnsi(`${esc}[31mred${esc}[0m not`)).toEqual([
      { text: 'red', color: 'var(--ansi-red)' },
      { text: ' not' },
    ]);
  });
  it('adds up and takes away', () => {
    expect(parseAnsi(`${esc}[1;4;92mx${esc}[22my${esc}[39;24mz`)).toEqual([
      { text: 'x', bold: true, underline: true, color: 'var(--ansi-bright-green)' },
      { text: 'y', underline: true, color: 'var(--ansi-bright-green)' },
      { text: 'z' },
    ]);
  });
  it('knows the palette and true colour, and keeps them in range', () => {
    expect(parseAnsi(`${esc}[38;5;196mx`)[0]?.color).toBe('rgb(255, 0, 0)');
    expect(parseAnsi(`${esc}[38;5;9mx`)[0]?.color).toBe('var(--ansi-bright-red)');
    expect(parseAnsi(`${esc}[38;5;999mx`)).toEqual([{ text: 'x' }]);
    expect(parseAnsi(`${esc}[48;2;1;2;999mx`)[0]?.background).toBe('rgb(1, 2, 255)');
    expect(parseAnsi(`${esc}[38;2;1;2;3;1mx`)).toEqual([{ text: 'x', color: 'rgb(1, 2, 3)', bold: true }]);
  });
  it('drops what moves a cursor, sets a title or rings', () => {
    expect(plainText(`${esc}[2K${esc}[1Aa${esc}]0;title\u0007b${esc}]8;;http://x${esc}\\c\u0007${esc}cd`)).toBe('abcd');
  });
  it('shows the last of what was written over', () => {
    expect(plainText('10 %\r50 %\r100 %\r')).toBe('100 %');
    expect(plainText('a line of Windows\r')).toBe('a line of Windows');
  });
  it('takes no markup from a log', () => {
    expect(parseAnsi('<img src=x onerror=alert(1)>')).toEqual([{ text: '<img src=x onerror=alert(1)>' }]);
    expect(parseAnsi(`${esc}[38;2;1);background:url(x);mx`).every((span) => !/url/.test(span.color ?? ''))).toBe(true);
  });
  it('ends with a broken escape', () => expect(plainText(`abc${esc}[3`)).toBe('abc[3'));
});
