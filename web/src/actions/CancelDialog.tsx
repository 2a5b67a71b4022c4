import { useMemo } from 'react';
import type { Action } from '@/api/actions';
import { ActionDialog } from './ActionDialog';

export function CancelDialog({ pipeline, run, close }: { pipeline: string; run: string; close: () => void }) {
  const action: Action = useMemo(() => ({ type: 'cancel', pipeline, run }), [pipeline, run]);
  return <ActionDialog title={`Cancel ${run}`} action={action} confirm="Cancel the run" danger close={close} />;
}
