import type { GridFilters } from '@/api/runs';

export const kinds = ['scheduled', 'backfill', 'manual'] as const;
export const runStates = ['queued', 'running', 'success', 'failed', 'skipped', 'cancelled'] as const;

const list = (value: string | null, allowed: readonly string[]): string | undefined => {
  const kept = (value ?? '').split(',').filter((one) => allowed.includes(one));
  return kept.length > 0 ? kept.join(',') : undefined;
};

const isDay = (value: string | null): value is string =>
  value !== null && /^\d{4}-\d{2}-\d{2}$/.test(value) && !Number.isNaN(Date.parse(value));

const dayAfter = (day: string): string => new Date(Date.parse(day) + 86_400_000).toISOString();

/** The filters in an address. Days are UTC days; `to` is the last day that is shown. */
export function readFilters(params: URLSearchParams): GridFilters {
  const from = params.get('from');
  const to = params.get('to');
  const filters: GridFilters = {};
  const kind = list(params.get('kind'), kinds);
  const state = list(params.get('state'), runStates);
  if (kind) filters.kind = kind;
  if (state) filters.state = state;
  if (isDay(from)) filters.from = new Date(from).toISOString();
  if (isDay(to)) filters.to = dayAfter(to);
  return filters;
}

/** Only the filters of an address, to keep them from run to run. */
export function keptSearch(params: URLSearchParams): string {
  const kept = new URLSearchParams();
  for (const name of ['kind', 'state', 'from', 'to']) {
    const value = params.get(name);
    if (value) kept.set(name, value);
  }
  const text = kept.toString();
  return text ? `?${text}` : '';
}
