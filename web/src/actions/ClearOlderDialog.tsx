import { useMemo } from 'react';
import type { Action } from '@/api/actions';
import { ActionDialog } from './ActionDialog';

/** Builds anew what an older definition of the pipeline built. */
export function ClearOlderDialog({ pipeline, close }: { pipeline: string; close: () => void }) {
  const action: Action = useMemo(() => ({ type: 'clear-older', pipeline }), [pipeline]);
  return (
    <ActionDialog title="Clear what an older definition built" action={action} confirm="Clear" close={close}>
      <p className="dim">Each is processed again by the present definition, from the newest versions.</p>
    </ActionDialog>
  );
}
