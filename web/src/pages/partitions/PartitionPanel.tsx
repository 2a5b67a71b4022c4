import { CloseButton } from '@mantine/core';
import { Link } from 'react-router';
import { usePartition } from '@/api/partitions';
import type { PartitionDetail } from '@/api/types';
import { formatVersions, shortPartition } from '@/lib/format';
import { runPath } from '@/lib/paths';
import { PartitionActions } from '@/pages/plan/PartitionActions';
import { Card } from '@/ui/Card';
import { ChangeTable } from '@/ui/ChangeTable';
import { Loaded } from '@/ui/Condition';
import { Duration } from '@/ui/Duration';
import { EventList } from '@/ui/EventList';
import { Section } from '@/ui/Section';
import { StateBadge } from '@/ui/StateBadge';
import { TableView } from '@/ui/TableView';
import { Time } from '@/ui/Time';
import css from './PartitionPanel.module.css';

interface PartitionPanelProps {
  pipeline: string;
  partition: string;
  close: () => void;
}

/** The history of a partition: which versions it was built from, what came later, each run. */
export function PartitionPanel({ pipeline, partition, close }: PartitionPanelProps) {
  const query = usePartition(pipeline, partition);
  return (
    <Card
      title={<span className="wrap">{shortPartition(query.data?.partition ?? partition)}</span>}
      aside={<CloseButton aria-label="Close the partition" onClick={close} />}
      flush
    >
      <Loaded query={query} what={partition}>
        {(detail) => (
          <>
            <Now pipeline={pipeline} detail={detail} />
            <Section title="What changed it">
              {detail.changes.length > 0 ? (
                <ChangeTable label="Changes of the partition" changes={[...detail.changes].reverse()} covered />
              ) : (
                <p className="dim">No change is on record.</p>
              )}
            </Section>
            <Runs pipeline={pipeline} detail={detail} />
            <Section title="What happened">
              <EventList events={[...detail.events].reverse()} label="Events of the partition" about="all" />
            </Section>
          </>
        )}
      </Loaded>
    </Card>
  );
}

function Now({ pipeline, detail }: { pipeline: string; detail: PartitionDetail }) {
  const { plan, processed } = detail;
  return (
    <div className={css.now}>
      <div className={css.state}>
        <StateBadge state={detail.state} />
        <PartitionActions pipeline={pipeline} partition={detail.key} entry={plan} />
      </div>
      <p className="wrap">
        {detail.reason || plan.reason}
        {plan.rule && (
          <span className="dim">
            {' '}
            (rule <code>{plan.rule}</code>)
          </span>
        )}
      </p>
      <p className="dim wrap">
        {processed ? (
          <>
            Last built from <code>{formatVersions(processed.versions)}</code> by{' '}
            <Link to={runPath(pipeline, processed.run_id)}>{processed.run_id}</Link>, <Time at={processed.at} />.
          </>
        ) : (
          'Not processed yet.'
        )}
      </p>
    </div>
  );
}

function Runs({ pipeline, detail: { runs } }: { pipeline: string; detail: PartitionDetail }) {
  return (
    <Section title="Runs">
      {runs.length === 0 && <p className="dim">None yet.</p>}
      {runs.length > 0 && (
        <TableView
          label="Runs of the partition"
          head={
            <>
              <th>Run</th>
              <th>State</th>
              <th>Cause</th>
              <th>Versions</th>
              <th>Started</th>
              <th>Took</th>
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
              <td className="wrap">{run.cause}</td>
              <td className="mono nowrap">{formatVersions(run.versions)}</td>
              <td>
                <Time at={run.started} />
              </td>
              <td>
                <Duration started={run.started} ended={run.ended} />
              </td>
            </tr>
          ))}
        </TableView>
      )}
    </Section>
  );
}
