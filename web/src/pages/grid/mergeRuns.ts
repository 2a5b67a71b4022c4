import type { GridRun } from '@/api/types';

/**
 * One list of runs, newest first, from the newest page, what earlier newest pages held, and older pages. The newest page
 * moves on when runs are created; what it held before stays known. The first that names a run wins: it is the freshest.
 */
export function mergeRuns(newest: GridRun[], kept: GridRun[], older: GridRun[][]): GridRun[] {
  const seen = new Set<string>();
  const merged: GridRun[] = [];
  for (const page of [newest, kept, ...older]) {
    for (const run of page) {
      if (seen.has(run.run_id)) continue;
      seen.add(run.run_id);
      merged.push(run);
    }
  }
  return merged;
}
