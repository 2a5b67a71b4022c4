import type { RunKind } from '@/api/types';

const signs: Record<RunKind, string> = {
  scheduled: '',
  backfill: 'M9.6 5.2A3.6 3.6 0 1 0 9.8 7.9M9.9 2.6v2.8H7.1',
  manual: 'M7 1.6L3.6 6.6h4.8L5 11',
};

/** What kind of run it is; nothing for the scheduled ones, which are the rule. */
export function KindSign({ kind }: { kind: RunKind }) {
  const path = signs[kind];
  if (!path) return null;
  return (
    <svg width="12" height="12" viewBox="0 0 12 12" aria-hidden="true">
      <path
        d={path}
        fill="none"
        stroke="var(--lc-warn-text)"
        strokeWidth="1.6"
        strokeLinecap="round"
        strokeLinejoin="round"
      />
    </svg>
  );
}
