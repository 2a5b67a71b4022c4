// @vitest-environment node
import { readFileSync } from 'node:fs';
import { describe, expect, it } from 'vitest';

const css = readFileSync(new URL('./tokens.css', import.meta.url), 'utf8');

function tokensOf(scheme: 'light' | 'dark'): Map<string, string> {
  const start = css.indexOf(`:root[data-mantine-color-scheme="${scheme}"] {`);
  const block = css.slice(start, css.indexOf('}', start));
  return new Map(
    [...block.matchAll(/--lc-([a-z0-9-]+):\s*(#[0-9a-f]{6});/g)].map(([, name = '', value = '']) => [name, value]),
  );
}

function luminance(hex: string): number {
  const [r = 0, g = 0, b = 0] = [1, 3, 5]
    .map((at) => Number.parseInt(hex.slice(at, at + 2), 16) / 255)
    .map((part) => (part <= 0.04045 ? part / 12.92 : ((part + 0.055) / 1.055) ** 2.4));
  return 0.2126 * r + 0.7152 * g + 0.0722 * b;
}

function contrast(a: string | undefined, b: string | undefined): number {
  if (!a || !b) throw new Error('a token is missing');
  const [light = 0, dark = 0] = [luminance(a), luminance(b)].sort((x, y) => y - x);
  return (light + 0.05) / (dark + 0.05);
}

const families = ['good', 'run', 'bad', 'warn', 'idle', 'skip', 'defer'];

// WCAG AA: 4.5 for text, 3 for what is drawn.
describe.each(['light', 'dark'] as const)('colours, %s', (scheme) => {
  const tokens = tokensOf(scheme);
  it.each(families)('%s: its text on its ground, its square on the card, its glyph on the square', (family) => {
    expect(contrast(tokens.get(`${family}-text`), tokens.get(`${family}-soft`))).toBeGreaterThanOrEqual(4.5);
    expect(contrast(tokens.get(family), tokens.get('surface'))).toBeGreaterThanOrEqual(3);
    expect(contrast(tokens.get('glyph'), tokens.get(family))).toBeGreaterThanOrEqual(3);
  });
  it.each(['bg', 'surface', 'surface-2', 'select', 'code-bg'])('text, dim text and links on %s', (ground) => {
    for (const text of ['text', 'dim', 'accent-text'])
      expect(contrast(tokens.get(text), tokens.get(ground))).toBeGreaterThanOrEqual(4.5);
  });
  it('text on a notice, and dim text in it', () => {
    for (const ground of ['warn-soft', 'bad-soft', 'idle-soft']) {
      for (const text of ['text', 'dim', 'accent-text'])
        expect(contrast(tokens.get(text), tokens.get(ground)), `${text} on ${ground}`).toBeGreaterThanOrEqual(4.5);
    }
  });
  it('buttons and borders of fields', () => {
    expect(contrast(tokens.get('on-accent'), tokens.get('accent'))).toBeGreaterThanOrEqual(4.5);
    expect(contrast(tokens.get('on-accent'), tokens.get('accent-text'))).toBeGreaterThanOrEqual(4.5);
    expect(contrast(tokens.get('line-strong'), tokens.get('surface'))).toBeGreaterThanOrEqual(3);
    expect(contrast(tokens.get('focus'), tokens.get('surface'))).toBeGreaterThanOrEqual(3);
  });
});
