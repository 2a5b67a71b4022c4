import { Link } from 'react-router';
import type { PlanEntry } from '@/api/types';
import { formatDuration, formatInteger, shortPartition } from '@/lib/format';
import { partitionPath, runPath } from '@/lib/paths';
import { StateBadge } from '@/ui/StateBadge';
import { TableView } from '@/ui/TableView';
import type { PlanGroup } from './groups';
import { PartitionActions } from './PartitionActions';
import { PlanChanges } from './PlanChanges';
import css from './PlanTable.module.css';

export function PlanTable({ pipeline, group }: { pipeline: string; group: PlanGroup }) {
  return (
    <TableView
      label={group.title}
      head={
        <>
          <th className={css.partition}>Partition</th>
          <th className={css.state}>State</th>
          <th>Why</th>
          <th className={`num ${css.number}`}>Late by</th>
          <th className={`num ${css.number}`}>Rows</th>
          <th className={css.actions}>
            <span className="visually-hidden">Actions</span>
          </th>
        </>
      }
    >
      {group.entries.map((entry) => (
        <Line key={entry.key} pipeline={pipeline} entry={entry} />
      ))}
    </TableView>
  );
}

function Line({ pipeline, entry }: { pipeline: string; entry: PlanEntry }) {
  return (
    <tr>
      <td className="nowrap">
        <Link to={partitionPath(pipeline, entry.key)}>{shortPartition(entry.partition)}</Link>
      </td>
      <td>
        <StateBadge state={entry.decision} title={entry.late ? 'late' : undefined} />
      </td>
      <td className="wrap">
        {entry.reason}
        {entry.rule && (
          <div className="dim">
            rule <code>{entry.rule}</code>
          </div>
        )}
        {entry.blocking_run && (
          <div>
            run <Link to={runPath(pipeline, entry.blocking_run)}>{entry.blocking_run}</Link>
          </div>
        )}
        <PlanChanges changes={entry.changes} />
      </td>
      <td className="num nowrap">{entry.lateness_seconds == null ? '–' : formatDuration(entry.lateness_seconds)}</td>
      <td className="num nowrap">{entry.rows == null ? '–' : formatInteger(entry.rows)}</td>
      <td className="nowrap">
        <PartitionActions pipeline={pipeline} partition={entry.key} entry={entry} />
      </td>
    </tr>
  );
}
