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
  decision: PlanEntry['decision'];
  rule: string;
}

/** Run now, hold with a reason, or release what is held. */
export function PartitionActions({ pipeline, partition, decision, rule }: PartitionActionsProps) {
  const operator = useMay('operator');
  const [dialog, setDialog] = useState<'trigger' | 'hold' | null>(null);
  const act = useAction();
  if (!operator) return null;
  const held = decision === 'held';
  const close = () => setDialog(null);
  return (
    <div className={css.actions}>
      {held && (
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
      {!(held && rule === 'hold') && (
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
