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
  all: 'A new try of everything, at the same versions',
  failed: 'Only what failed',
  new: 'A new try at the newest versions',
};

export function clearOptions(what: What, flags: ReadonlySet<string>, step: string | undefined): ClearOptions {
  const on = (flag: string) => flags.has(flag);
  return {
    past: on('past'),
    future: on('future'),
    ...(step === undefined
      ? { only_failed: what === 'failed', same_versions: what === 'all' }
      : { steps: [step], upstream: on('upstream'), downstream: on('downstream'), only_failed: what === 'failed' }),
  };
}

export function ClearDialog({ pipeline, run, step, close }: ClearDialogProps) {
  const [what, setWhat] = useState<What>(step === undefined ? 'new' : 'all');
  const [flags, setFlags] = useState<ReadonlySet<string>>(new Set(['downstream']));
  const toggle = (flag: string) =>
    setFlags((old) => new Set(old.has(flag) ? [...old].filter((one) => one !== flag) : [...old, flag]));
  const action: Action = useMemo(
    () => ({ type: 'clear', pipeline, run, options: clearOptions(what, flags, step) }),
    [pipeline, run, what, flags, step],
  );
  const choices = step === undefined ? (['new', 'all', 'failed'] as const) : (['all', 'failed'] as const);
  const shownFlags = ['past', 'future', ...(step === undefined ? [] : ['upstream', 'downstream'])];
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
};
