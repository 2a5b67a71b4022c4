// What the fake server answers to each GET, and to actions. Paths are those of the OpenAPI file.
import type {
  ActionResult,
  AuditEntry,
  Event,
  GridRun,
  Lateness,
  Rule,
  Run,
  RunStep,
  Session,
} from '../../src/api/types';
import * as world from './world';

const day = 86_400_000;

export interface World {
  runs: GridRun[];
  manyRuns: GridRun[];
  role: Session['role'];
  paused: boolean;
  audit: AuditEntry[];
}

export const createWorld = (): World => ({
  runs: world.makeRuns('devices_loader', 120, world.steps),
  manyRuns: world.makeRuns('many_runs', 2000, world.manySteps),
  role: 'admin',
  paused: false,
  audit: [],
});

const runsOf = (state: World, pipeline: string): GridRun[] =>
  pipeline === 'many_runs' ? state.manyRuns : pipeline === 'devices_loader' ? state.runs : [];
const stepsOf = (pipeline: string) => (pipeline === 'many_runs' ? world.manySteps : world.steps);

export function pipelines(state: World) {
  return {
    items: [
      world.summary('devices_loader', state.runs, {
        health: state.paused ? 'paused' : 'failed',
        paused: state.paused,
        late: 2,
        held: 2,
        failed: 1,
        running: 1,
      }),
      world.summary('many_runs', state.manyRuns),
      world.summary('device_report', [], {
        health: 'unknown',
        newest_complete: null,
        freshness_seconds: null,
        next_run: null,
        last_success: null,
      }),
      world.summary('billing', state.runs.slice(40, 60), {
        health: 'error',
        file_error: {
          file: 'pipelines/billing.yaml',
          line: 14,
          message: 'there is no key “retrys”',
          hint: 'did you mean retries?',
          at: world.iso(world.now),
        },
      }),
      world.summary('history_of_orders', [], {
        health: 'paused',
        paused: true,
        newest_complete: null,
        freshness_seconds: null,
        last_success: null,
        first_run_partitions: 1460,
      }),
      world.summary('archive_of_every_device_event_that_was_ever_received', state.runs.slice(30, 50), {
        health: 'paused',
        paused: true,
      }),
    ],
    next_cursor: null,
    file_errors: [
      {
        file: 'pipelines/new.yaml',
        line: 3,
        message: 'sources: is missing',
        hint: 'name the tables it reads',
        at: world.iso(world.now),
      },
    ],
  };
}

export function grid(state: World, pipeline: string, query: URLSearchParams) {
  const wanted = (name: string) => query.get(name)?.split(',');
  const runs = runsOf(state, pipeline).filter(
    (run) => (wanted('kind')?.includes(run.kind) ?? true) && (wanted('state')?.includes(run.state) ?? true),
  );
  const from = Number(query.get('cursor') ?? 0);
  const to = from + Number(query.get('limit') ?? 100);
  return {
    steps: stepsOf(pipeline),
    runs: runs.slice(from, to),
    next_cursor: to < runs.length ? String(to) : null,
    at: world.iso(world.now),
  };
}

function runSteps(run: GridRun): RunStep[] {
  return run.steps.flatMap((step): RunStep[] => {
    const failed = step.state === 'failed';
    const base = Date.parse(step.started ?? run.created);
    const attempts = Array.from({ length: step.attempts }, (_, index): RunStep['attempts'][number] => {
      const last = index === step.attempts - 1;
      const running = last && step.state === 'running';
      return {
        number: index + 1,
        state: running ? 'running' : failed ? 'failed' : 'success',
        exit_code: running ? null : failed ? 1 : 0,
        message: failed ? 'Binder Error: Referenced column "typ" not found in FROM clause' : '',
        has_log: true,
        started: world.iso(base + index * 3000),
        ended: running ? null : world.iso(base + index * 3000 + (failed ? 1200 : 4200)),
      };
    });
    const own: RunStep = {
      step: step.step,
      map_index: null,
      state: step.state,
      message: failed
        ? 'Binder Error: Referenced column "typ" not found in FROM clause'
        : step.step === 'ready'
          ? 'a later partition is there'
          : '',
      started: step.started,
      ended: step.ended,
      retry_at: null,
      child_run: null,
      attempts,
    };
    const children = (step.children ?? []).map(
      (child): RunStep => ({
        ...own,
        map_index: child.map_index,
        message: '',
        state: 'success',
        attempts: [],
        child_run: { ...refFor(run, child.run_id, child.partition) },
      }),
    );
    return [own, ...children];
  });
}

const refFor = (run: GridRun, run_id: string, partition: string) => ({
  pipeline: run.pipeline,
  run_id,
  partition,
  partition_key: `event_time=${partition}`,
  kind: 'backfill' as const,
  state: 'success' as const,
  waiting_for: '',
  message: '',
  created: run.created,
  started: run.started,
  ended: run.ended,
});

export function run(state: World, pipeline: string, id: string): Run | null {
  const found = id === 'latest' ? runsOf(state, pipeline)[0] : runsOf(state, pipeline).find((one) => one.run_id === id);
  if (!found) return null;
  const tries = Array.from({ length: found.tries }, (_, index): Run['tries'][number] => ({
    number: index + 1,
    state: found.state === 'queued' ? 'running' : found.state,
    token: 40 + index,
    versions: found.versions,
    definition_hash: found.state === 'failed' ? 'badc0de00000' : 'c0ffee5a1a7b',
    message: found.message,
    started: found.started ?? found.created,
    ended: found.ended,
    steps: runSteps(found),
  }));
  const { steps: _, tries: __, has_note, caused_by: ___, ...ref } = found;
  return {
    ...ref,
    cause_text:
      found.kind === 'backfill'
        ? `Version ${found.cause.split('@')[1]} added 1 file with 412 rows to this partition 5 d 3 h after its end; it had been processed at 1190.`
        : found.kind === 'manual'
          ? 'A person asked for it.'
          : 'The interval was due: a later partition is there.',
    caused_by: null,
    children: [],
    partition_values: { event_time: found.partition },
    interval_start: `${found.partition}T00:00:00.000Z`,
    interval_end: `${found.partition}T00:00:00.000Z`,
    note: has_note ? 'Checked with the people of billing: the numbers are right.' : '',
    older_definition: found.state === 'failed',
    actions: found.state === 'running' ? ['cancel'] : ['clear', 'mark_success', 'mark_failed', 'retry'],
    tries,
  };
}

const events = (found: { pipeline: string; run_id: string; partition: string; partition_key: string }): Event[] =>
  ['run.created', 'run.queued→running', 'claim.granted', 'step.process_devices.success', 'partition.recorded'].map(
    (what, index) => ({
      sequence: 1000 + index,
      at: world.iso(world.now - 60_000 + index * 900),
      pipeline: found.pipeline,
      partition: found.partition,
      partition_key: found.partition_key,
      run_id: found.run_id,
      what,
      detail: what === 'claim.granted' ? { token: 41, holder: 'scheduler-1' } : {},
    }),
  );

export function why(state: World, pipeline: string, id: string) {
  const found = run(state, pipeline, id);
  if (!found) return null;
  const { tries: _, ...ref } = found;
  const partition = world.partitions.find((one) => one.partition === found.partition);
  return {
    run: ref,
    sentence: found.cause_text,
    changes: found.kind === 'backfill' ? [world.change(1276, found.partition, 412, 443_000, true)] : [],
    plan: partition ? world.planEntry(partition) : null,
    processed: { versions: found.versions, run_id: found.run_id, at: found.ended ?? found.created },
    events: events(found),
  };
}

export function partitions() {
  const counts: Record<string, number> = {};
  for (const { state } of world.partitions) counts[state] = (counts[state] ?? 0) + 1;
  return { items: world.partitions, next_cursor: null, counts, cadence: 'day', time_zone: 'UTC' };
}

export function partition(state: World, pipeline: string, key: string) {
  const found = world.partitions.find((one) => one.key === key);
  if (!found) return null;
  const built = found.built_from?.devices ?? 1200;
  const runs = runsOf(state, pipeline).filter((one) => one.partition === found.partition);
  return {
    ...found,
    plan: world.planEntry(found),
    processed: found.built_from
      ? { versions: found.built_from, run_id: `scheduled_${found.partition}`, at: world.iso(world.now - day) }
      : null,
    changes: [
      world.change(built - 2, found.partition, 1204, -80_000, true),
      world.change(built, found.partition, 802, -4000, true),
      ...(found.late
        ? [
            world.change(1282, found.partition, 1204, 520_000, false),
            world.change(1283, found.partition, 86, 793_000, false),
          ]
        : []),
    ],
    runs: runs.map(({ steps: _, ...one }) => one),
    events: events({
      pipeline,
      run_id: `scheduled_${found.partition}`,
      partition: found.partition,
      partition_key: found.key,
    }),
  };
}

export function plan(rule: string | null) {
  const all = world.partitions.filter((one) => one.state !== 'complete').map(world.planEntry);
  const items = rule ? all.filter((one) => one.rule === rule) : all;
  const counts: Record<string, number> = {};
  for (const { decision } of all) counts[decision] = (counts[decision] ?? 0) + 1;
  const rules = [...new Set(all.map((one) => one.rule).filter(Boolean))].sort().map((name) => {
    const decided = all.filter((one) => one.rule === name);
    return {
      rule: name as Rule,
      partitions: decided.length,
      releasable: decided.filter((one) => one.releasable).length,
    };
  });
  return {
    items,
    next_cursor: null,
    counts,
    rules,
    newest: { devices: 1284 },
    at: world.iso(world.now),
    older_definition: 0,
    queued: [],
  };
}

export function lateness(): Lateness {
  const total = (changes: number, rows: number) => ({ changes, rows, unknown_changes: 0, estimate: false });
  const months = ['2026-05', '2026-06', '2026-07', '2026-08', '2026-09', '2026-10', '2026-11'];
  return {
    source: 'devices',
    sources: ['devices'],
    commits: 1285,
    arrivals: { on_time: total(1190, 1_204_000), late: total(63, 56_480) },
    late: total(63, 56_480),
    late_intervals: 41,
    by_rows: true,
    share: 0.041,
    percentiles: { p50: 93_600, p90: 432_000, p95: 691_200, p99: 1_728_000, max: 2_937_600 },
    histogram: [3600, 21_600, 86_400, 172_800, 259_200, 604_800, 1_209_600, 2_592_000, null].map(
      (up_to_seconds, index) => ({
        up_to_seconds,
        changes: [4, 9, 17, 12, 8, 7, 4, 1, 1][index] ?? 0,
        rows: [2100, 8300, 15_400, 12_080, 7600, 6100, 3800, 800, 300][index] ?? 0,
      }),
    ),
    by_interval: [],
    by_month: months.map((month, index) => ({
      start: `${month}-01`,
      late_changes: 9,
      late_share: (4000 + index * 900) / 172_000,
      late_rows: 4000 + index * 900,
      arrived_rows: 172_000,
      max_lateness_seconds: 900_000,
    })),
    lookback: [0, 1, 2, 3, 5, 7, 14, 30].map((n, index) => ({
      n,
      missed_changes: [63, 38, 26, 19, 11, 5, 2, 0][index] ?? 0,
      missed_rows: [56_480, 30_680, 18_100, 11_000, 6112, 890, 300, 0][index] ?? 0,
      processed_again: n * 360,
      for_nothing: Math.max(0, n * 360 - ([0, 25, 37, 44, 52, 58, 61, 63][index] ?? 0)),
    })),
    suggestion:
      'late_data:\n  detect: changes\n  allowed_lateness: 34d   # the latest came after 34 days\n  settle: {quiet: 15m, at_most: 2h}\n',
  };
}

export function action(state: World, name: string, pipeline: string, target: string, dryRun: boolean): ActionResult {
  const found = runsOf(state, pipeline).find((one) => one.run_id === target);
  const undoable = ['pause', 'resume', 'hold', 'release', 'mark', 'note'].includes(name);
  const summaries: Record<string, string> = {
    clear: dryRun ? 'It would clear 1 run.' : 'Cleared 1 run.',
    pause: `Paused ${pipeline}.`,
    resume: `Resumed ${pipeline}.`,
    trigger: dryRun ? 'It would make 1 run.' : 'Made 1 run.',
  };
  return {
    action_id: dryRun ? null : state.audit.length + 1,
    action: name,
    dry_run: dryRun,
    fingerprint: dryRun ? `${name}-${found?.run_id ?? pipeline}` : '',
    summary: summaries[name] ?? `${name}: done.`,
    runs: found
      ? [
          {
            pipeline,
            run_id: found.run_id,
            partition: found.partition,
            partition_key: found.partition_key,
            state: found.state,
            effect: 'a new try at the newest versions',
            steps: found.steps.map((step) => step.step),
          },
        ]
      : [],
    total_runs: found ? 1 : 0,
    partitions: ['event_time=2026-11-24'],
    undoable,
    warnings: name === 'clear' ? ['Its output is replaced when the new try ends.'] : [],
  };
}

export const tables = () => ({
  items: ['devices', 'devices_by_type'].map((name, index) => ({
    id: `t${index + 1}`,
    location: `s3://lake/${name}`,
    name,
    version: index === 0 ? 1284 : 366,
    observed_at: world.iso(world.now - 4000),
    partition_columns: [{ name: 'event_time', type: 'date' }],
    partitions: 360,
    read_by: index === 0 ? ['devices_loader'] : ['device_report', 'billing'],
    written_by: index === 0 ? [] : ['devices_loader'],
  })),
});

export const table = (id: string) => {
  const found = tables().items.find((one) => one.id === id);
  return found
    ? {
        ...found,
        table_id: '6a1f',
        first_contact: 0,
        partition_list: world.partitions
          .slice(-60)
          .reverse()
          .map((one) => ({
            key: one.key,
            values: one.values,
            files: 2,
            rows: 2006,
            bytes: 84_642,
            last_changed: 1280,
          })),
      }
    : null;
};

export const commits = () => ({
  items: Array.from({ length: 40 }, (_, index) => ({
    version: 1284 - index,
    timestamp: world.iso(world.now - index * 3_600_000),
    time_source: 'commit_info' as const,
    operation: index === 9 ? 'OPTIMIZE' : 'WRITE',
    changes:
      index === 9
        ? []
        : [
            {
              partition: { event_time: world.partitions.at(-1 - Math.floor(index / 3))?.partition ?? null },
              files_added: 1,
              files_removed: 0,
              rows_added: 1204 - index,
              rows_removed: 0,
              bytes_added: 42_000,
              bytes_removed: 0,
              deletion_vector_updates: 0,
              assumed: false,
              note: '',
            },
          ],
  })),
  next_cursor: null,
});

export function audit(state: World) {
  const made = ['sign_in', 'clear', 'hold', 'pause', 'mark'].map((name, index) => ({
    id: 100 - index,
    at: world.iso(world.now - index * 1_800_000),
    user: index === 3 ? 'ops' : 'dedp',
    role: 'admin',
    via: 'session' as const,
    action: name,
    pipeline: name === 'sign_in' ? '' : 'devices_loader',
    run_id: name === 'clear' || name === 'mark' ? (state.runs[3]?.run_id ?? '') : '',
    partition: name === 'hold' ? 'event_time=2026-07-29' : '',
    outcome: 'ok',
    detail:
      name === 'hold'
        ? 'Held: the supplier is going to send it again'
        : name === 'sign_in'
          ? 'Signed in'
          : `${name} of one run`,
    undoable: name === 'hold' || name === 'pause',
    undone_by: name === 'pause' ? 98 : null,
  }));
  return { items: [...state.audit, ...made], next_cursor: null };
}

export const pipelineEvents = () => ({
  items: world.partitions
    .slice(-8)
    .flatMap((one) =>
      events({
        pipeline: 'devices_loader',
        run_id: `scheduled_${one.partition}`,
        partition: one.partition,
        partition_key: one.key,
      }),
    )
    .map((event, index) => ({ ...event, sequence: 5000 - index })),
  next_cursor: null,
});

export const pipeline = (state: World, id: string) => {
  const found = pipelines(state).items.find((one) => one.id === id);
  return found ? world.pipelineOf(found, stepsOf(id)) : null;
};
