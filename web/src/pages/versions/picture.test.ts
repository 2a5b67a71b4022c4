import { describe, expect, it } from 'vitest';
import { versions } from '../../../support/fake-api/world';
import { lookOfMark, pictureOf } from './picture';

const given = versions();

describe('pictureOf', () => {
  const picture = pictureOf(given, 1200);
  it('draws every mark in the row of its partition, inside the picture', () => {
    expect(picture.rows.flatMap((row) => row.marks)).toHaveLength(given.marks.length);
    for (const row of picture.rows) {
      for (const drawn of row.marks) {
        expect(drawn.mark.key).toBe(row.partition.key);
        expect(drawn.x).toBeGreaterThan(0);
        expect(drawn.x).toBeLessThan(picture.width);
      }
    }
  });
  it('puts what was not seen by a build to the right of its sign, and the rest to the left', () => {
    const waiting = picture.rows.flatMap((row) =>
      row.marks.filter((drawn) => drawn.look === 'waiting').map((drawn) => ({ row, drawn })),
    );
    expect(waiting.length).toBeGreaterThan(0);
    for (const { row, drawn } of waiting) expect(drawn.x).toBeGreaterThan(row.builtX ?? 0);
  });
  it('makes no mark too small to hit or higher than its line', () => {
    for (const drawn of picture.rows.flatMap((row) => row.marks)) {
      expect(drawn.radius).toBeGreaterThanOrEqual(3);
      expect(drawn.radius).toBeLessThanOrEqual(9);
    }
  });
  it('leaves room between commits on a narrow screen, and then is wider than it', () => {
    expect(pictureOf(given, 300).width).toBeGreaterThan(300);
  });
  it('has no sign for a partition that was built before the first commit shown', () => {
    const [first] = given.partitions;
    if (!first) throw new Error('the fixture has partitions');
    const old = pictureOf({ ...given, partitions: [{ ...first, built_at_version: 3 }] }, 1200);
    expect(old.rows[0]?.builtX).toBeNull();
  });
  it('bears an empty table', () => {
    const empty = pictureOf({ ...given, commits: [], marks: [], partitions: [] }, 1200);
    expect(empty).toMatchObject({ rows: [], ticks: [], seenX: null });
  });
});

it('counts only unseen late changes as waiting', () => {
  const mark = given.marks.find((one) => one.class === 'on_time');
  if (!mark) throw new Error('the fixture has marks');
  expect(lookOfMark({ ...mark, unseen: true })).toBe('on_time');
  expect(lookOfMark({ ...mark, class: 'late', unseen: true })).toBe('waiting');
  expect(lookOfMark({ ...mark, class: 'late', unseen: false })).toBe('late');
  expect(lookOfMark({ ...mark, class: 'compaction', unseen: true })).toBe('compaction');
});
