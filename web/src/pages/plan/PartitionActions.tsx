import { Button } from '@mantine/core';
import { lazy, Suspense, useState } from 'react';
import { useMay } from '@/api/session';
import type { PlanEntry } from '@/api/types';
import { useAction } from '@/api/useAction';
import css from './PartitionActions.module.css';

const TriggerDialog = lazy(async () => ({ default: (await import('@/actions/TriggerDialog')).TriggerDialog }));
const HoldDialog = lazy(async () => ({ default: (await import('@/actions/HoldDialog')).HoldDialog }));

interface PartitionActionsProps {
  pipeline: string;
  partition: string;
  entry: Pick<PlanEntry, 'decision' | 'rule' | 'releasable'>;
}

/** Run now, hold with a reason, or release what is held. */
export function PartitionActions({ pipeline, partition, entry }: PartitionActionsProps) {
  const operator = useMay('operator');
  const [dialog, setDialog] = useState<'trigger' | 'hold' | null>(null);
  const act = useAction();
  if (!operator) return null;
  const { decision, rule, releasable } = entry;
  const close = () => setDialog(null);
  return (
    <div className={css.actions}>
      {releasable && (
        <Button
          size="compact-xs"
          variant="light"
          loading={act.isPending}
          onClick={() => act.mutate({ action: { type: 'release', pipeline, partition } })}
        >
          Release
        </Button>
      )}
      {decision !== 'open' && (
        <Button size="compact-xs" variant="default" onClick={() => setDialog('trigger')}>
          Run now…
        </Button>
      )}
      {rule !== 'hold' && (
        <Button size="compact-xs" variant="default" onClick={() => setDialog('hold')}>
          Hold…
        </Button>
      )}
      <Suspense>
        {dialog === 'trigger' && <TriggerDialog pipeline={pipeline} partition={partition} close={close} />}
        {dialog === 'hold' && <HoldDialog pipeline={pipeline} partition={partition} close={close} />}
      </Suspense>
    </div>
  );
}
