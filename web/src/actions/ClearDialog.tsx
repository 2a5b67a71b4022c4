import { Checkbox, SegmentedControl } from '@mantine/core';
import { useMemo, useState } from 'react';
import type { Action, ClearOptions } from '@/api/actions';
import { ActionDialog } from './ActionDialog';
import css from './ActionDialog.module.css';

interface ClearDialogProps {
  pipeline: string;
  run: string;
  /** Only this step and, by choice, its neighbours. */
  step?: string;
  close: () => void;
}

type What = 'all' | 'failed' | 'new';

const words: Record<What, string> = {
  all: 'A new try of the whole run',
  failed: 'Only what failed',
  new: 'Only steps that the last try did not have yet',
};

export function clearOptions(what: What, flags: ReadonlySet<string>, step: string | undefined): ClearOptions {
  const on = (flag: string) => flags.has(flag);
  const common = { past: on('past'), future: on('future'), only_failed: what === 'failed' };
  if (step === undefined) return { ...common, new_steps: what === 'new', same_versions: on('same_versions') };
  return { ...common, steps: [step], upstream: on('upstream'), downstream: on('downstream') };
}

export function ClearDialog({ pipeline, run, step, close }: ClearDialogProps) {
  const [what, setWhat] = useState<What>('all');
  const [flags, setFlags] = useState<ReadonlySet<string>>(new Set(['downstream']));
  const toggle = (flag: string) =>
    setFlags((old) => new Set(old.has(flag) ? [...old].filter((one) => one !== flag) : [...old, flag]));
  const action: Action = useMemo(
    () => ({ type: 'clear', pipeline, run, options: clearOptions(what, flags, step) }),
    [pipeline, run, what, flags, step],
  );
  const choices = step === undefined ? (['all', 'failed', 'new'] as const) : (['all', 'failed'] as const);
  const shownFlags = ['past', 'future', ...(step === undefined ? ['same_versions'] : ['upstream', 'downstream'])];
  return (
    <ActionDialog
      title={step === undefined ? `Clear ${run}` : `Clear ${step} of ${run}`}
      action={action}
      confirm="Clear"
      close={close}
    >
      <SegmentedControl
        fullWidth
        aria-label="What to clear"
        value={what}
        onChange={(value) => setWhat(value as What)}
        data={choices.map((value) => ({ value, label: labelOf(value) }))}
      />
      <p className="dim">{step === undefined ? words[what] : 'The step runs again at the versions of the last try'}</p>
      <div className={css.options}>
        {shownFlags.map((flag) => (
          <Checkbox key={flag} label={flagLabels[flag]} checked={flags.has(flag)} onChange={() => toggle(flag)} />
        ))}
      </div>
    </ActionDialog>
  );
}

const labelOf = (what: What): string => ({ new: 'Queue new', all: 'Existing', failed: 'Only failed' })[what];

const flagLabels: Record<string, string> = {
  past: 'Past: runs of earlier partitions too',
  future: 'Future: runs of later partitions too',
  upstream: 'Upstream: the steps it needs too',
  downstream: 'Downstream: the steps that need it too',
  same_versions: 'Keep the versions of the last try, instead of the newest',
};
