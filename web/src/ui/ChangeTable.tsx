import type { Change } from '@/api/types';
import { formatDuration, formatRows } from '@/lib/format';
import { TableView } from './TableView';
import { Time } from './Time';

/** What commits did to a partition. */
export function ChangeTable({ label, changes, covered }: { label: string; changes: Change[]; covered?: boolean }) {
  return (
    <TableView
      label={label}
      head={
        <>
          <th>Version</th>
          <th>Committed</th>
          <th>Operation</th>
          <th className="num">Rows</th>
          <th className="num">Files</th>
          <th className="num">Lateness</th>
          {covered && <th>Built from it</th>}
        </>
      }
    >
      {changes.map((change) => (
        <tr key={`${change.source}@${change.version}/${JSON.stringify(change.partition)}`}>
          <td className="mono nowrap">
            {change.source}@{change.version}
          </td>
          <td>
            <Time at={change.timestamp} />
          </td>
          <td className="wrap">
            {change.operation}
            {change.assumed && <span className="dim"> (assumed: the history was gone)</span>}
            {change.note && <span className="dim"> {change.note}</span>}
          </td>
          <td className="num nowrap">{formatRows(change.rows_added, change.rows_removed)}</td>
          <td className="num nowrap">{formatRows(change.files_added, change.files_removed)}</td>
          <td className="num nowrap">{lateness(change.lateness_seconds)}</td>
          {covered && <td>{change.covered ? 'yes' : <strong>not yet</strong>}</td>}
        </tr>
      ))}
    </TableView>
  );
}

const lateness = (seconds: number | null): string =>
  seconds == null ? '–' : seconds <= 0 ? 'on time' : formatDuration(seconds);
