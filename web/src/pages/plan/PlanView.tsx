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
import { OlderDefinition } from './OlderDefinition';
import { PlanFilter } from './PlanFilter';
import { PlanTable } from './PlanTable';
import css from './PlanView.module.css';

interface PlanViewProps {
  pipeline: string;
  /** Only what this one decided; empty: everything. */
  rule: string;
  setRule: (rule: string) => void;
}

/** The plan of one pipeline. */
export function PlanView({ pipeline, rule, setRule }: PlanViewProps) {
  const query = usePlan(pipeline, rule);
  return (
    <Loaded query={query} what="the plan">
      {({ items, queued, counts, rules, newest, at, next_cursor, older_definition }) => {
        const groups = groupsOf(items);
        return (
          <div className={css.plan}>
            <p className="dim">
              Planned <Time at={at} /> against <code>{formatVersions(newest)}</code>; all else is up to date.
            </p>
            <OlderDefinition pipeline={pipeline} partitions={older_definition} />
            <PlanFilter pipeline={pipeline} rules={rules} rule={rule} setRule={setRule} />
            {groups.length === 0 && rule && (
              <Card>
                <Empty title={`Nothing was decided by ${rule}`} />
              </Card>
            )}
            {groups.length === 0 && !rule && (
              <Card>
                <Empty title="Nothing is waiting">
                  Every partition is built from the newest data that came for it.
                </Empty>
              </Card>
            )}
            {groups.map((group) => (
              <Card
                key={group.decision}
                title={`${group.title} (${(rule ? undefined : counts[group.decision]) ?? group.entries.length})`}
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
