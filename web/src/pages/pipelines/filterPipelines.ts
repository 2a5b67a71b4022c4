import type { PipelineSummary } from '@/api/types';

const urgency = { error: 0, failed: 1, late: 2, unknown: 3, ok: 3, paused: 4 } as const;

/** Those whose name or id contains the text; what needs a person first, then by name. */
export function filterPipelines(items: PipelineSummary[], search: string): PipelineSummary[] {
  const wanted = search.trim().toLowerCase();
  return items
    .filter(({ name, id }) => name.toLowerCase().includes(wanted) || id.toLowerCase().includes(wanted))
    .sort((a, b) => (urgency[a.health] ?? 3) - (urgency[b.health] ?? 3) || a.name.localeCompare(b.name));
}
