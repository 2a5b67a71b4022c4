import type { PlanEntry } from '@/api/types';

export interface PlanGroup {
  decision: PlanEntry['decision'];
  title: string;
  entries: PlanEntry[];
}

const titles: [PlanEntry['decision'], string][] = [
  ['failed', 'Failed: waits for a person, or for a new change'],
  ['process', 'Would be processed now'],
  ['open', 'In progress'],
  ['waiting', 'Waiting'],
  ['held', 'Held back'],
];

/** The plan by what becomes of each partition, what needs a person first. */
export const groupsOf = (items: PlanEntry[]): PlanGroup[] =>
  titles
    .map(([decision, title]) => ({ decision, title, entries: items.filter((entry) => entry.decision === decision) }))
    .filter((group) => group.entries.length > 0);
