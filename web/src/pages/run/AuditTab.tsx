import { useAudit } from '@/api/audit';
import type { Run } from '@/api/types';
import { AuditTable } from '@/pages/audit/AuditTable';
import { Empty, Loaded } from '@/ui/Condition';
import { LoadMore } from '@/ui/LoadMore';

/** What people did to the run. */
export function AuditTab({ run }: { run: Run }) {
  const query = useAudit({ pipeline: run.pipeline, run: run.run_id });
  return (
    <>
      <Loaded query={query} what="the audit log">
        {({ pages }) => {
          const entries = pages.flatMap((page) => page.items);
          if (entries.length > 0) return <AuditTable entries={entries} />;
          return <Empty title="Nobody has touched this run">What the scheduler did by itself stands under Why.</Empty>;
        }}
      </Loaded>
      <LoadMore query={query} />
    </>
  );
}
