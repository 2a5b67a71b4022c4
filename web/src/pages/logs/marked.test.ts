import { expect, it } from 'vitest';
import { marked } from './marked';

const join = (parts: { text: string }[]) => parts.map((part) => part.text).join('');

it('marks every hit in any case and loses no letter', () => {
  const parts = marked('Error: ERROR in error', 'error');
  expect(parts.filter((part) => part.hit).map((part) => part.text)).toEqual(['Error', 'ERROR', 'error']);
  expect(join(parts)).toBe('Error: ERROR in error');
});

it('takes a search as text, not as a pattern', () => {
  expect(marked('a.c abc', 'a.c').filter((part) => part.hit)).toHaveLength(1);
  expect(marked('(((', '(').filter((part) => part.hit)).toHaveLength(3);
});

it('marks nothing where letters change their length with their case', () => {
  expect(marked('İstanbul error', 'error')).toEqual([{ text: 'İstanbul error', hit: false }]);
});
