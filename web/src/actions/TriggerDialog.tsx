import { SegmentedControl, TextInput } from '@mantine/core';
import { useId, useMemo, useState } from 'react';
import type { Action } from '@/api/actions';
import { usePartitions } from '@/api/partitions';
import { ActionDialog } from './ActionDialog';

interface TriggerDialogProps {
  pipeline: string;
  partition?: string;
  close: () => void;
}

const mostSuggested = 200;

/** A day, or a moment, as the server wants it; UTC. */
const moment = (text: string): string | undefined => {
  const time = Date.parse(text.includes('T') ? `${text}Z` : text);
  return Number.isNaN(time) ? undefined : new Date(time).toISOString();
};

/** Run now: one partition, or a range of them. */
export function TriggerDialog({ pipeline, partition: given, close }: TriggerDialogProps) {
  const [many, setMany] = useState(false);
  const [partition, setPartition] = useState(given ?? '');
  const [from, setFrom] = useState('');
  const [to, setTo] = useState('');
  const action: Action | null = useMemo(() => {
    if (!many) return partition.trim() ? { type: 'trigger', pipeline, partition: partition.trim() } : null;
    const start = moment(from);
    const end = moment(to);
    return start && end ? { type: 'trigger', pipeline, from: start, to: end } : null;
  }, [pipeline, many, partition, from, to]);
  return (
    <ActionDialog title={`Trigger ${pipeline}`} action={action} confirm="Trigger" close={close}>
      <SegmentedControl
        fullWidth
        aria-label="How many"
        value={many ? 'many' : 'one'}
        onChange={(value) => setMany(value === 'many')}
        data={[
          { value: 'one', label: 'One partition' },
          { value: 'many', label: 'A range' },
        ]}
      />
      {many ? (
        <>
          <TextInput
            type="datetime-local"
            label="From (UTC)"
            value={from}
            onChange={(event) => setFrom(event.currentTarget.value)}
          />
          <TextInput
            type="datetime-local"
            label="To before (UTC)"
            value={to}
            onChange={(event) => setTo(event.currentTarget.value)}
          />
        </>
      ) : (
        <PartitionField pipeline={pipeline} value={partition} set={setPartition} />
      )}
    </ActionDialog>
  );
}

function PartitionField({ pipeline, value, set }: { pipeline: string; value: string; set: (value: string) => void }) {
  const list = useId();
  const known = usePartitions(pipeline).data?.items.slice(-mostSuggested).reverse() ?? [];
  return (
    <>
      <TextInput
        data-autofocus
        label="Partition"
        description="As in the list of partitions"
        placeholder={known[0]?.key ?? 'event_time=2024-01-01'}
        list={list}
        value={value}
        onChange={(event) => set(event.currentTarget.value)}
      />
      <datalist id={list}>
        {known.map(({ key }) => (
          <option key={key} value={key} />
        ))}
      </datalist>
    </>
  );
}
