import type { Attempt, Run, RunStep, Try } from '@/api/types';

export interface LogChoice {
  one: Try;
  step: RunStep;
  attempt: Attempt;
}

const withLog = (step: RunStep): Attempt[] => step.attempts.filter((attempt) => attempt.has_log);

/** Steps of a try that have a log. */
export const stepsWithLog = (one: Try): RunStep[] => one.steps.filter((step) => withLog(step).length > 0);

interface Wanted {
  step: string | null;
  attempt: number;
}

/**
 * The log to show: what was asked for; else of the step that failed, else of the one at work, else of the last, since that
 * is what a person opens the logs for.
 */
export function chooseLog(one: Try | undefined, wanted: Wanted): LogChoice | null {
  if (!one) return null;
  const steps = stepsWithLog(one);
  const step =
    steps.find((candidate) => candidate.step === wanted.step) ??
    steps.find((candidate) => candidate.state === 'failed') ??
    steps.find((candidate) => candidate.state === 'running' || candidate.state === 'up_for_retry') ??
    steps.at(-1);
  if (!step) return null;
  const attempts = withLog(step);
  const attempt = attempts.find((candidate) => candidate.number === wanted.attempt) ?? attempts.at(-1);
  return attempt ? { one, step, attempt } : null;
}

/** The newest try with a log; a try that only waits has none yet. */
export const newestWithLog = (run: Run): Try | undefined => run.tries.findLast((one) => stepsWithLog(one).length > 0);
