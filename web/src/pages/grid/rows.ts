import type { GridRun, GridStep, StepDefinition } from '@/api/types';

/** A row of the grid: a step, or one instance of a mapped step. */
export interface GridRow {
  id: string;
  step: string;
  label: string;
  /** -1 for the step itself. */
  mapIndex: number;
  mapped: boolean;
  builtin: boolean;
}

const mostInstances = 50;

export function rowsOf(steps: StepDefinition[], runs: GridRun[], opened: ReadonlySet<string>): GridRow[] {
  const instances = new Map<string, number>();
  const extra = new Set<string>();
  const known = new Set(steps.map((step) => step.id));
  for (const run of runs) {
    for (const step of run.steps) {
      if (!known.has(step.step)) extra.add(step.step);
      const count = step.children?.length ?? 0;
      if (count > (instances.get(step.step) ?? 0)) instances.set(step.step, count);
    }
  }
  const rows: GridRow[] = [];
  const add = (id: string, kind: string, builtin: boolean) => {
    const count = Math.min(instances.get(id) ?? 0, mostInstances);
    const mapped = kind === 'backfill' || count > 0;
    rows.push({ id, step: id, label: mapped ? `${id} [ ]` : id, mapIndex: -1, mapped, builtin });
    if (!opened.has(id)) return;
    for (let index = 0; index < count; index += 1) {
      rows.push({ id: `${id}[${index}]`, step: id, label: `[${index}]`, mapIndex: index, mapped: false, builtin });
    }
  };
  for (const step of steps) add(step.id, step.kind, step.builtin);
  // Steps that an older definition had.
  for (const id of extra) add(id, '', false);
  return rows;
}

export interface Cell {
  state: string;
  started: string | null;
  ended: string | null;
  attempts: number;
  /** The run an instance of `backfill` started. */
  child?: { run_id: string; partition: string };
  instances: number;
}

const stepOf = (run: GridRun, id: string): GridStep | undefined => run.steps.find((step) => step.step === id);

export function cellOf(run: GridRun, row: GridRow): Cell | null {
  const step = stepOf(run, row.step);
  if (!step) return null;
  const { started, ended, attempts } = step;
  if (row.mapIndex < 0) return { state: step.state, started, ended, attempts, instances: step.children?.length ?? 0 };
  const child = step.children?.find((one) => one.map_index === row.mapIndex);
  if (!child) return null;
  return { state: child.state, started: null, ended: null, attempts: 0, child, instances: 0 };
}

/** The height of the tallest bar, in seconds: a number people read easily. */
export function niceCeiling(seconds: number): number {
  if (seconds <= 0) return 1;
  const steps = [
    1, 2, 5, 10, 15, 20, 30, 60, 120, 300, 600, 900, 1200, 1800, 3600, 7200, 10_800, 21_600, 43_200, 86_400,
  ];
  if (seconds < 1) {
    const power = 10 ** Math.floor(Math.log10(seconds));
    return [1, 2, 5, 10].map((factor) => factor * power).find((nice) => nice >= seconds) ?? 1;
  }
  return steps.find((nice) => nice >= seconds) ?? Math.ceil(seconds / 86_400) * 86_400;
}
