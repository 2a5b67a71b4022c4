import { describe, expect, it } from 'vitest';
import { isTouched, nothingTouched, olderPagesTouched, touch } from './invalidation';
import { keys } from './keys';

const touchedBy = (event: string, data: unknown) => {
  const touched = nothingTouched();
  touch(touched, { event, data });
  return touched;
};

describe('what an event refreshes', () => {
  it('a change of a run: its pipeline, and lists over all', () => {
    const touched = touchedBy('change', { pipeline: 'a', run_id: 'r1', what: 'run.queued→running' });
    expect(isTouched(keys.run('a', 'r1'), touched)).toBe(true);
    expect(isTouched(keys.plan('a', ''), touched)).toBe(true);
    expect(isTouched(keys.pipelines, touched)).toBe(true);
    expect(isTouched(keys.audit({}), touched)).toBe(true);
    expect(isTouched(keys.run('b', 'r1'), touched)).toBe(false);
    expect(isTouched(keys.tables, touched)).toBe(false);
  });
  it('new commits: the table, and the pipelines that read it', () => {
    const touched = touchedBy('table', { table: 't', version: 3, pipelines: ['a', 7, null] });
    expect(isTouched(keys.tables, touched)).toBe(true);
    expect(isTouched(keys.versions('a', {}), touched)).toBe(true);
    expect(isTouched(keys.versions('b', {}), touched)).toBe(false);
  });
  it('a gap: everything but who is signed in', () => {
    const touched = touchedBy('reset', {});
    expect(isTouched(keys.olderRuns('a', {}), touched)).toBe(true);
    expect(isTouched(keys.cascade, touched)).toBe(true);
    expect(isTouched(keys.session, touched)).toBe(false);
  });
  it('a new pipeline file that nobody knew', () => expect(touchedBy('file', {}).everything).toBe(true));
  it('nothing, when the event is not known or says nothing', () => {
    for (const data of [null, 'text', 5, {}, { pipeline: 7 }]) {
      expect(isTouched(keys.pipelines, touchedBy('something-new', data))).toBe(false);
      expect(isTouched(keys.pipelines, touchedBy('change', data))).toBe(false);
    }
  });
  it('older pages of a grid only when one of their runs changed', () => {
    const touched = touchedBy('change', { pipeline: 'a', run_id: 'r1' });
    const pages = (id: string) => ({ pages: [{ runs: [{ run_id: id }] }] });
    expect(olderPagesTouched(keys.olderRuns('a', {}), pages('r1'), touched)).toBe(true);
    expect(olderPagesTouched(keys.olderRuns('a', {}), pages('r2'), touched)).toBe(false);
    expect(olderPagesTouched(keys.olderRuns('b', {}), pages('r1'), touched)).toBe(false);
    expect(olderPagesTouched(keys.olderRuns('a', {}), undefined, touched)).toBe(false);
  });
});
