import { Button } from '@mantine/core';
import { lazy, Suspense, useState } from 'react';
import { useMay } from '@/api/session';
import type { Pipeline } from '@/api/types';
import { useAction } from '@/api/useAction';

const TriggerDialog = lazy(async () => ({ default: (await import('@/actions/TriggerDialog')).TriggerDialog }));

export function PipelineActions({ pipeline: { id, paused } }: { pipeline: Pipeline }) {
  const operator = useMay('operator');
  const [trigger, setTrigger] = useState(false);
  const act = useAction();
  if (!operator) return null;
  return (
    <>
      <Button
        variant="default"
        size="sm"
        loading={act.isPending}
        onClick={() => act.mutate({ action: { type: paused ? 'resume' : 'pause', pipeline: id } })}
      >
        {paused ? 'Resume' : 'Pause'}
      </Button>
      <Button size="sm" onClick={() => setTrigger(true)}>
        Trigger…
      </Button>
      {trigger && (
        <Suspense>
          <TriggerDialog pipeline={id} close={() => setTrigger(false)} />
        </Suspense>
      )}
    </>
  );
}
