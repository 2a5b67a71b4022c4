import { SegmentedControl } from '@mantine/core';
import { useSearchParams } from 'react-router';
import { usePartitions } from '@/api/partitions';
import type { PartitionSummary } from '@/api/types';
import { usePipelineId } from '@/pages/pipeline/usePipelineId';
import { Card } from '@/ui/Card';
import { Empty, Loaded } from '@/ui/Condition';
import { Calendar } from './Calendar';
import { calendarOf } from './calendar';
import { PartitionList } from './PartitionList';
import { PartitionPanel } from './PartitionPanel';
import css from './PartitionsPage.module.css';
import { StateCounts } from './StateCounts';
import { usePartitionChoice } from './usePartitionChoice';

export function PartitionsPage() {
  const pipeline = usePipelineId();
  const query = usePartitions(pipeline);
  const { chosen, choose } = usePartitionChoice();
  return (
    <div className={css.page} data-chosen={chosen !== null || undefined}>
      <Loaded query={query} what="partitions">
        {({ items, counts, cadence, time_zone, more }) => (
          <Partitions
            items={items}
            counts={counts}
            cadence={cadence}
            zone={time_zone}
            more={more}
            chosen={chosen}
            choose={choose}
          />
        )}
      </Loaded>
      {chosen !== null && (
        <PartitionPanel key={chosen} pipeline={pipeline} partition={chosen} close={() => choose(null)} />
      )}
    </div>
  );
}

interface PartitionsProps {
  items: PartitionSummary[];
  counts: Record<string, number>;
  cadence: string;
  zone: string;
  more: boolean;
  chosen: string | null;
  choose: (key: string) => void;
}

function Partitions({ items, counts, cadence, zone, more, chosen, choose }: PartitionsProps) {
  const [params, setParams] = useSearchParams();
  const periods = calendarOf(items, cadence, zone);
  const asList = periods.length === 0 || params.get('view') === 'list';
  const state = params.get('state');
  const set = (name: string, value: string | null) => {
    const next = new URLSearchParams(params);
    if (value === null) next.delete(name);
    else next.set(name, value);
    setParams(next, { replace: true });
  };
  const listed = state ? items.filter((partition) => partition.state === state) : items;
  return (
    <Card
      title="Partitions"
      flush
      aside={
        periods.length > 0 && (
          <SegmentedControl
            size="xs"
            aria-label="View"
            value={asList ? 'list' : 'calendar'}
            onChange={(value) => set('view', value === 'list' ? 'list' : null)}
            data={[
              { value: 'calendar', label: 'Calendar' },
              { value: 'list', label: 'List' },
            ]}
          />
        )
      }
    >
      <StateCounts
        counts={counts}
        chosen={asList ? state : null}
        choose={asList ? (value) => set('state', value) : undefined}
      />
      {items.length === 0 ? (
        <Empty title="No partitions yet">They appear when the source table has data.</Empty>
      ) : asList ? (
        <PartitionList partitions={listed} chosen={chosen} choose={choose} />
      ) : (
        <Calendar periods={periods} chosen={chosen} choose={choose} />
      )}
      {more && <p className={css.more}>There are more partitions than are shown here.</p>}
    </Card>
  );
}
