// @vitest-environment node
import { readFileSync } from 'node:fs';
import { gzipSync } from 'node:zlib';
import { describe, expect, it } from 'vitest';

interface Chunk {
  file: string;
  imports?: string[];
  css?: string[];
}

const dist = new URL('../dist/', import.meta.url);
const manifest = JSON.parse(readFileSync(new URL('.vite/manifest.json', dist), 'utf8')) as Record<string, Chunk>;

/** The files a browser loads for some modules: they, what they import at once, and their styles. */
function filesOf(entries: string[]): Set<string> {
  const files = new Set<string>();
  const visit = (name: string) => {
    const chunk = manifest[name];
    if (!chunk) throw new Error(`${name} is not in the build`);
    if (files.has(chunk.file)) return;
    files.add(chunk.file);
    for (const style of chunk.css ?? []) files.add(style);
    for (const next of chunk.imports ?? []) visit(next);
  };
  for (const entry of entries) visit(entry);
  return files;
}

const weight = (files: Iterable<string>): number =>
  [...files].reduce((sum, file) => sum + gzipSync(readFileSync(new URL(file, dist))).length, 0);

describe('the build', () => {
  const first = filesOf(['index.html']);

  it('needs at most 350 kB, compressed, for the first view of a grid', () => {
    expect(weight(first)).toBeLessThanOrEqual(350 * 1024);
    expect(weight(first)).toBeGreaterThan(50 * 1024);
  });

  it('asks nothing of other places, and has no script or style in the page itself', () => {
    const page = readFileSync(new URL('index.html', dist), 'utf8');
    expect(page).not.toMatch(/https?:\/\//);
    expect(page).not.toMatch(/<style|<script(?![^>]* src=)|\son\w+=|style=/);
    expect(page).toContain('<base href="/" />');
  });

  it('loads graphs only where one is looked at', () => {
    const graph = [...filesOf(['src/pages/graph/CascadePage.tsx'])].filter((file) => /FlowChart/.test(file));
    expect(graph.length).toBeGreaterThan(0);
    for (const file of graph) expect(first.has(file)).toBe(false);
  });
});
