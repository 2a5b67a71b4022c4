import { Button } from '@mantine/core';
import { lazy, Suspense, useState } from 'react';
import { useMay } from '@/api/session';
import { plural } from '@/lib/format';
import { Notice } from '@/ui/Notice';

const ClearOlderDialog = lazy(async () => ({ default: (await import('@/actions/ClearOlderDialog')).ClearOlderDialog }));

/** Nothing is late because its definition changed; a person may want it built anew. */
export function OlderDefinition({ pipeline, partitions }: { pipeline: string; partitions: number }) {
  const operator = useMay('operator');
  const [asking, setAsking] = useState(false);
  if (partitions === 0 && !asking) return null;
  return (
    <>
      <Notice kind="why">
        {plural(partitions, 'partition')} {partitions === 1 ? 'was' : 'were'} built by an older definition of the
        pipeline.{' '}
        {operator && (
          <Button size="compact-xs" variant="default" onClick={() => setAsking(true)}>
            Clear…
          </Button>
        )}
      </Notice>
      {asking && (
        <Suspense>
          <ClearOlderDialog pipeline={pipeline} close={() => setAsking(false)} />
        </Suspense>
      )}
    </>
  );
}
