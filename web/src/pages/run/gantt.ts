import type { RunStep, Try } from '@/api/types';

export interface GanttBar {
  /** Shares of the axis, 0 to 1. */
  from: number;
  to: number;
  state: string;
  label: string;
  waiting: boolean;
}

export interface GanttLine {
  name: string;
  step: string;
  state: string;
  bars: GanttBar[];
}

export interface Gantt {
  startMs: number;
  endMs: number;
  ticks: { share: number; seconds: number }[];
  lines: GanttLine[];
}

const tickLengths = [
  0.01, 0.02, 0.05, 0.1, 0.2, 0.5, 1, 2, 5, 10, 20, 30, 60, 120, 300, 600, 1800, 3600, 7200, 14_400, 43_200, 86_400,
];

function ticksOf(seconds: number): { share: number; seconds: number }[] {
  const length = tickLengths.find((one) => seconds / one <= 6) ?? Math.ceil(seconds / 6 / 86_400) * 86_400;
  const count = Math.floor(seconds / length + 1e-9);
  return Array.from({ length: count + 1 }, (_, index) => ({
    share: (index * length) / seconds,
    seconds: index * length,
  }));
}

/** One try on one axis, from its start to its end: what each step's attempts took. */
export function ganttOf(one: Try, nowMs: number): Gantt {
  const times = one.steps.flatMap((step) => [
    step.started,
    step.ended,
    ...step.attempts.flatMap((a) => [a.started, a.ended]),
  ]);
  const known = [one.started, one.ended, ...times]
    .filter((time): time is string => time != null)
    .map((time) => Date.parse(time));
  const open = one.ended === null;
  const startMs = Math.min(...known);
  const endMs = Math.max(...known, open ? nowMs : 0, startMs + 1);
  const share = (time: string | null, otherwise: number): number =>
    ((time === null ? otherwise : Date.parse(time)) - startMs) / (endMs - startMs);

  const barsOf = (step: RunStep): GanttBar[] => {
    if (step.attempts.length === 0) {
      if (step.started === null) return [];
      return [
        {
          from: share(step.started, endMs),
          to: share(step.ended, endMs),
          state: step.state,
          label: step.step,
          waiting: false,
        },
      ];
    }
    const bars = step.attempts.map((attempt) => ({
      from: share(attempt.started, endMs),
      to: share(attempt.ended, endMs),
      state: attempt.state,
      label: `attempt ${attempt.number}`,
      waiting: false,
    }));
    const gaps = bars.slice(1).map((bar, index) => ({
      from: bars[index]?.to ?? 0,
      to: bar.from,
      state: 'up_for_retry',
      label: 'waits to be tried again',
      waiting: true,
    }));
    return [...bars, ...gaps].sort((a, b) => a.from - b.from);
  };

  const lines = one.steps.map((step) => ({
    name: step.map_index == null ? step.step : `${step.step} [${step.map_index}]`,
    step: step.step,
    state: step.state,
    bars: barsOf(step),
  }));
  return { startMs, endMs, ticks: ticksOf((endMs - startMs) / 1000), lines };
}
