import { Button, NativeSelect } from '@mantine/core';
import { lazy, Suspense, useState } from 'react';
import { useMay } from '@/api/session';
import type { RuleCount } from '@/api/types';
import css from './PlanFilter.module.css';

const ReleaseRuleDialog = lazy(async () => ({
  default: (await import('@/actions/ReleaseRuleDialog')).ReleaseRuleDialog,
}));

interface PlanFilterProps {
  pipeline: string;
  rules: RuleCount[];
  /** The one that is shown alone; empty: all. */
  rule: string;
  setRule: (rule: string) => void;
}

/** Only what one rule decided; and all of that let go at once. */
export function PlanFilter({ pipeline, rules, rule, setRule }: PlanFilterProps) {
  const operator = useMay('operator');
  const [asking, setAsking] = useState(false);
  const chosen = rules.find((one) => one.rule === rule);
  if (rules.length === 0 && !rule) return null;
  const choices = [
    { value: '', label: 'Decided by any rule, or none' },
    ...rules.map((one) => ({ value: one.rule, label: `${one.rule} (${one.partitions})` })),
    ...(rule && !chosen ? [{ value: rule, label: `${rule} (0)` }] : []),
  ];
  // A person's holds have reasons of their own, and are let go one by one.
  const releasable = operator && chosen && chosen.rule !== 'hold' && chosen.releasable > 0;
  return (
    <div className={css.filter}>
      <NativeSelect
        size="xs"
        aria-label="Only what this rule decided"
        data={choices}
        value={rule}
        onChange={(event) => setRule(event.currentTarget.value)}
      />
      {releasable && (
        <Button size="xs" variant="light" onClick={() => setAsking(true)}>
          Release all {chosen.releasable}…
        </Button>
      )}
      {asking && chosen && (
        <Suspense>
          <ReleaseRuleDialog pipeline={pipeline} rule={chosen.rule} close={() => setAsking(false)} />
        </Suspense>
      )}
    </div>
  );
}
