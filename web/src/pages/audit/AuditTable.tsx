import { Button } from '@mantine/core';
import { Link } from 'react-router';
import { useMay } from '@/api/session';
import type { AuditEntry } from '@/api/types';
import { useAction } from '@/api/useAction';
import { partitionPath, pipelinePath, runPath } from '@/lib/paths';
import { TableView } from '@/ui/TableView';
import { Time } from '@/ui/Time';

export function AuditTable({ entries }: { entries: AuditEntry[] }) {
  return (
    <TableView
      label="Audit log"
      head={
        <>
          <th>When</th>
          <th>Who</th>
          <th>Action</th>
          <th>About</th>
          <th>Outcome</th>
          <th>What it did</th>
          <th>
            <span className="visually-hidden">Undo</span>
          </th>
        </>
      }
    >
      {entries.map((entry) => (
        <tr key={entry.id}>
          <td>
            <Time at={entry.at} />
          </td>
          <td className="wrap">
            {entry.user || <span className="dim">nobody</span>}{' '}
            <span className="dim">{[entry.role, entry.via].filter((one) => one && one !== 'none').join(', ')}</span>
          </td>
          <td className="nowrap">{entry.action.replaceAll('_', ' ')}</td>
          <td className="wrap">
            <About entry={entry} />
          </td>
          <td>{entry.outcome === 'ok' ? 'ok' : <strong>{entry.outcome}</strong>}</td>
          <td className="wrap">{entry.detail}</td>
          <td>
            <Undo entry={entry} />
          </td>
        </tr>
      ))}
    </TableView>
  );
}

function About({ entry: { pipeline, run_id, partition } }: { entry: AuditEntry }) {
  if (run_id) return <Link to={runPath(pipeline, run_id)}>{run_id}</Link>;
  if (partition) return <Link to={partitionPath(pipeline, partition)}>{partition}</Link>;
  if (pipeline) return <Link to={pipelinePath(pipeline)}>{pipeline}</Link>;
  return null;
}

function Undo({ entry }: { entry: AuditEntry }) {
  const operator = useMay('operator');
  const act = useAction();
  if (entry.undone_by != null) return <span className="dim nowrap">undone</span>;
  if (!entry.undoable || !operator) return null;
  return (
    <Button
      variant="default"
      size="compact-xs"
      loading={act.isPending}
      onClick={() => act.mutate({ action: { type: 'undo', action: entry.id } })}
    >
      Undo
    </Button>
  );
}
