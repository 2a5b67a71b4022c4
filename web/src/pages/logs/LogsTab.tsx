import { NativeSelect } from '@mantine/core';
import { useSearchParams } from 'react-router';
import type { Run } from '@/api/types';
import { TryChoice } from '@/pages/run/TryChoice';
import { useTry } from '@/pages/run/useTry';
import { lookOf } from '@/theme/states';
import { Empty } from '@/ui/Condition';
import { Notice } from '@/ui/Notice';
import { LogPanel } from './LogPanel';
import css from './LogsTab.module.css';
import { chooseLog, type LogChoice, newestWithLog, stepsWithLog } from './logTargets';

export function LogsTab({ run }: { run: Run }) {
  const [params, setParams] = useSearchParams();
  const { chosen, choose } = useTry(run);
  const one = params.has('try') ? chosen : (newestWithLog(run) ?? chosen);
  const log = chooseLog(one, { step: params.get('step'), attempt: Number(params.get('attempt')) });
  const set = (name: string, value: string) => {
    const next = new URLSearchParams(params);
    next.set(name, value);
    if (name === 'step') next.delete('attempt');
    setParams(next, { replace: true });
  };
  return (
    <>
      <TryChoice tries={run.tries} chosen={one?.number} choose={choose} />
      {log ? (
        <Chosen run={run} log={log} set={set} />
      ) : (
        <Empty title="There is no log yet">Steps write one when they start.</Empty>
      )}
    </>
  );
}

function Chosen({
  run,
  log: { one, step, attempt },
  set,
}: {
  run: Run;
  log: LogChoice;
  set: (name: string, value: string) => void;
}) {
  const target = { pipeline: run.pipeline, run: run.run_id, step: step.step, try: one.number, attempt: attempt.number };
  const attempts = step.attempts.filter((candidate) => candidate.has_log);
  return (
    <>
      <div className={css.choice}>
        <NativeSelect
          size="xs"
          aria-label="Step"
          value={step.step}
          onChange={(event) => set('step', event.currentTarget.value)}
          data={stepsWithLog(one).map((candidate) => ({
            value: candidate.step,
            label: `${candidate.step} (${lookOf(candidate.state).label})`,
          }))}
        />
        {attempts.length > 1 && (
          <NativeSelect
            size="xs"
            aria-label="Attempt"
            value={String(attempt.number)}
            onChange={(event) => set('attempt', event.currentTarget.value)}
            data={attempts.map(({ number, state }) => ({
              value: String(number),
              label: `attempt ${number} (${lookOf(state).label})`,
            }))}
          />
        )}
      </div>
      {attempt.state === 'failed' && (attempt.message || attempt.exit_code != null) && (
        <div className={css.failure}>
          <Notice kind="bad">
            {attempt.message}
            {attempt.exit_code != null && <span className="dim"> exit code {attempt.exit_code}</span>}
          </Notice>
        </div>
      )}
      <LogPanel key={JSON.stringify(target)} target={target} />
    </>
  );
}
