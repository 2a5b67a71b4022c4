import { Link } from 'react-router';
import { usePlan } from '@/api/pipelines';
import type { RunRef } from '@/api/types';
import { formatVersions } from '@/lib/format';
import { runPath } from '@/lib/paths';
import { Card } from '@/ui/Card';
import { Empty, Loaded } from '@/ui/Condition';
import { StateBadge } from '@/ui/StateBadge';
import { TableView } from '@/ui/TableView';
import { Time } from '@/ui/Time';
import { groupsOf } from './groups';
import { PlanTable } from './PlanTable';
import css from './PlanView.module.css';

/** The plan of one pipeline. */
export function PlanView({ pipeline }: { pipeline: string }) {
  const query = usePlan(pipeline);
  return (
    <Loaded query={query} what="the plan">
      {({ items, queued, counts, newest, at, next_cursor }) => {
        const groups = groupsOf(items);
        return (
          <div className={css.plan}>
            <p className="dim">
              Planned <Time at={at} /> against <code>{formatVersions(newest)}</code>; all else is up to date.
            </p>
            {groups.length === 0 && (
              <Card>
                <Empty title="Nothing is waiting">
                  Every partition is built from the newest data that came for it.
                </Empty>
              </Card>
            )}
            {groups.map((group) => (
              <Card
                key={group.decision}
                title={`${group.title} (${counts[group.decision] ?? group.entries.length})`}
                flush
              >
                <PlanTable pipeline={pipeline} group={group} />
              </Card>
            ))}
            {next_cursor != null && (
              <p className="dim">Only the first {items.length} entries are shown; the partitions page has them all.</p>
            )}
            <Queued runs={queued} pipeline={pipeline} />
          </div>
        );
      }}
    </Loaded>
  );
}

function Queued({ runs, pipeline }: { runs: RunRef[]; pipeline: string }) {
  if (runs.length === 0) return null;
  return (
    <Card title="Queued runs, and what each waits for" flush>
      <TableView
        label="Queued runs"
        head={
          <>
            <th>Run</th>
            <th>State</th>
            <th>Waits for</th>
            <th>Since</th>
          </>
        }
      >
        {runs.map((run) => (
          <tr key={run.run_id}>
            <td className="wrap">
              <Link to={runPath(pipeline, run.run_id)}>{run.run_id}</Link>
            </td>
            <td>
              <StateBadge state={run.state} />
            </td>
            <td className="wrap">{run.waiting_for || <span className="dim">a moment</span>}</td>
            <td>
              <Time at={run.created} />
            </td>
          </tr>
        ))}
      </TableView>
    </Card>
  );
}
