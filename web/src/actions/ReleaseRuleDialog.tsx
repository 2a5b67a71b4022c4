import { useMemo } from 'react';
import type { Action } from '@/api/actions';
import type { Rule } from '@/api/types';
import { ActionDialog } from './ActionDialog';

/** Lets go all that one rule holds. */
export function ReleaseRuleDialog({ pipeline, rule, close }: { pipeline: string; rule: Rule; close: () => void }) {
  const action: Action = useMemo(() => ({ type: 'release-rule', pipeline, rule }), [pipeline, rule]);
  return (
    <ActionDialog title={`Release what ${rule} holds`} action={action} confirm="Release all" close={close}>
      <p className="dim">What persons hold stays. What changes after this is held again.</p>
    </ActionDialog>
  );
}
