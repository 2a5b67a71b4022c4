// A made-up installation with every state there is, typed by the OpenAPI file. For component tests, and for pictures of
// what is hard to bring about with the real program: two thousand runs, a log of 100 MB.
import type {
  Cascade,
  GridRun,
  PartitionSummary,
  Pipeline,
  PipelineSummary,
  PlanEntry,
  RunKind,
  RunRef,
  RunState,
  StepDefinition,
  Versions,
} from '../../src/api/types';

export const now = Date.UTC(2026, 10, 26, 8, 0, 0);
const day = 86_400_000;
export const iso = (ms: number): string => new Date(ms).toISOString();
const dayText = (ms: number): string => iso(ms).slice(0, 10);

/** The same numbers in each run of the tests. */
export function random(seed: number): () => number {
  let state = seed;
  return () => {
    state = (Math.imul(state, 1664525) + 1013904223) >>> 0;
    return state / 2 ** 32;
  };
}

const builtin = (id: string, needs: string[]): StepDefinition => ({
  id,
  kind: id,
  needs,
  retries: 0,
  timeout_seconds: null,
  into: null,
  builtin: true,
});

const own = (id: string, needs: string[], into: string | null = null): StepDefinition => ({
  id,
  kind: into ? 'sql' : 'command',
  needs,
  retries: 3,
  timeout_seconds: 3600,
  into,
  builtin: false,
});

export const steps: StepDefinition[] = [
  builtin('ready', []),
  builtin('detect', ['ready']),
  own('process_devices', ['ready'], 's3://lake/devices_by_type'),
  own('publish', ['process_devices']),
  builtin('record', ['publish']),
  builtin('backfill', ['detect', 'record']),
];

export const manySteps: StepDefinition[] = [
  builtin('ready', []),
  builtin('detect', ['ready']),
  ...Array.from({ length: 16 }, (_, index) =>
    own(`step_${String(index).padStart(2, '0')}`, [
      index === 0 ? 'ready' : `step_${String(index - 1).padStart(2, '0')}`,
    ]),
  ),
  builtin('record', ['step_15']),
  builtin('backfill', ['detect']),
];

const firstDay = Date.UTC(2025, 11, 1);
const days = 360;
const dayOf = (index: number): number => firstDay + index * day;

const stateOf = (index: number, total: number): RunState => {
  const back = total - 1 - index;
  if (back === 0) return 'running';
  if (back === 13 || back % 97 === 60) return 'failed';
  if (back === 25) return 'cancelled';
  if (back === 31) return 'skipped';
  return 'success';
};

function gridSteps(
  definitions: StepDefinition[],
  state: RunState,
  kind: RunKind,
  start: number,
  took: number,
  children: GridRun['steps'][number]['children'],
): GridRun['steps'] {
  const failing = state === 'failed';
  return definitions.map(({ id, builtin: isBuiltin }, index) => {
    const user = !isBuiltin;
    let now: GridRun['steps'][number]['state'] = 'success';
    if (id === 'backfill') now = children && children.length > 0 ? 'success' : 'skipped';
    if (id === 'detect' && kind === 'backfill') now = 'skipped';
    if (failing && user) now = index === 2 ? 'failed' : 'upstream_failed';
    if (failing && id === 'record') now = 'upstream_failed';
    if (state === 'running') now = index < 2 ? 'success' : index === 2 ? 'running' : 'waiting';
    if (state === 'cancelled') now = index < 2 ? 'success' : 'cancelled';
    if (state === 'skipped') now = index < 1 ? 'success' : 'skipped';
    const began = now === 'waiting' || now === 'upstream_failed' || now === 'skipped' ? null : iso(start + index * 100);
    return {
      step: id,
      state: now,
      started: began,
      ended: began && now !== 'running' ? iso(start + (user ? took * 1000 : index * 100 + 30)) : null,
      attempts: user && began ? (now === 'failed' ? 3 : 1) : 0,
      ...(children && id === 'backfill' && children.length > 0 ? { children } : {}),
    };
  });
}

export function makeRuns(pipeline: string, count: number, definitions: StepDefinition[]): GridRun[] {
  const next = random(7);
  return Array.from({ length: count }, (_, index): GridRun => {
    const back = count - 1 - index;
    const kind: RunKind = index % 19 === 12 ? 'backfill' : index % 61 === 50 ? 'manual' : 'scheduled';
    const at = now - back * day;
    const partition = dayText(at - (kind === 'backfill' ? 6 : 1) * day);
    const state = stateOf(index, count);
    const took = 4 + next() * 8 + (kind === 'backfill' ? 2 : 0);
    const id =
      kind === 'backfill'
        ? `backfill_${partition}_v${1200 + index}`
        : `${kind}_${partition}${kind === 'manual' || count > 400 ? `_${index}` : ''}`;
    const child = {
      map_index: 0,
      run_id: `backfill_${dayText(at - 6 * day)}_v${1200 + index + 1}`,
      partition: dayText(at - 6 * day),
      state: 'success' as const,
    };
    const children =
      kind === 'scheduled' && index % 19 === 11
        ? [child, { ...child, map_index: 1, partition: dayText(at - 9 * day), state: 'running' as const }]
        : [];
    return {
      pipeline,
      run_id: id,
      partition,
      partition_key: `event_time=${partition}`,
      kind,
      state,
      waiting_for: '',
      message: state === 'failed' ? 'step process_devices failed: exit code 1' : '',
      created: iso(at - 2000),
      started: iso(at),
      ended: state === 'running' ? null : iso(at + took * 1000),
      cause: kind === 'backfill' ? `devices@${1200 + index}` : kind === 'manual' ? `manual:${id}` : 'interval',
      caused_by: null,
      tries: state === 'failed' ? 2 : 1,
      versions: { devices: 1200 + index },
      duration_seconds: state === 'running' ? 3 : took,
      has_note: index % 29 === 3,
      steps: gridSteps(definitions, state, kind, at, took, children),
    };
  }).reverse();
}

const refOf = ({
  pipeline,
  run_id,
  partition,
  partition_key,
  kind,
  state,
  waiting_for,
  message,
  created,
  started,
  ended,
}: GridRun): RunRef => ({
  pipeline,
  run_id,
  partition,
  partition_key,
  kind,
  state,
  waiting_for,
  message,
  created,
  started,
  ended,
});

const definition = `pipeline: devices_loader
sources:
  devices:
    table: s3://lake/devices
    partition: event_time
    cadence: day
schedule:
  start: 2025-12-01
  max_active_runs: 2
steps:
  - id: process_devices
    sql:
      query: SELECT type, count(*) AS devices FROM devices GROUP BY ALL
      into: s3://lake/devices_by_type
    retries: 3
  - id: publish
    needs: process_devices
    command: [python3, publish.py, --day, "{{ partition.event_time }}"]
late_data:
  allowed_lateness: 90d
  settle: {quiet: 10m, at_most: 1h}
`;

export function summary(id: string, runs: GridRun[], more: Partial<PipelineSummary> = {}): PipelineSummary {
  return {
    id,
    name: id,
    paused: false,
    health: 'ok',
    file: `pipelines/${id}.yaml`,
    file_error: null,
    problem: null,
    late: 0,
    held: 0,
    failed: 0,
    queued: 0,
    running: 0,
    last_runs: runs.slice(0, 20).reverse().map(refOf),
    last_success: iso(now - 7200_000),
    newest_complete: '2026-11-24',
    freshness_seconds: 28_800,
    first_run_partitions: null,
    next_run: { partition: '2026-11-25', at: null, waiting_for: 'a partition after 2026-11-25' },
    ...more,
  };
}

export const pipelineOf = (base: PipelineSummary, stepList: StepDefinition[]): Pipeline => ({
  ...base,
  definition,
  definition_hash: 'c0ffee5a1a7b',
  updated: iso(now - 5 * day),
  steps: stepList,
  sources: [
    {
      name: 'devices',
      location: 's3://lake/devices',
      table: 't1',
      partition: ['event_time'],
      cadence: 'day',
      time_zone: 'UTC',
      mapping: 'identity',
      version: 1284,
      observed_at: iso(now - 4000),
    },
  ],
  output: { columns: ['event_time'], cadence: 'day', time_zone: 'UTC' },
  schedule: {
    start: '2025-12-01',
    end: null,
    ready: 'next_partition',
    max_active_runs: 2,
    depends_on_past: false,
    catch_up: true,
  },
  late_data: {
    detect: 'changes',
    allowed_lateness: '90d',
    settle: { quiet: '10m', at_most: '1h' },
    min_rows: 1,
    order: 'oldest_first',
  },
  warnings: [{ line: 9, message: 'max_active_runs is more than late_data.concurrency' }],
});

const partitionState = (index: number): PartitionSummary['state'] => {
  const back = days - 1 - index;
  if (back === 0) return 'never';
  if (back === 1) return 'processing';
  if (back === 4 || back === 9) return 'late';
  if (back === 120 || back === 121) return 'held';
  if (back === 13) return 'failed';
  return 'complete';
};

const reasons: Partial<Record<PartitionSummary['state'], string>> = {
  late: 'version 1283 added 86 rows 9 d 4 h after its end; it was built at 1261',
  held: 'version 1282 came 120 d after its end, later than allowed',
  failed: 'run scheduled_2026-11-12 failed',
  never: 'waits for a later partition',
};

export const partitions: PartitionSummary[] = Array.from({ length: days }, (_, index) => {
  const text = dayText(dayOf(index));
  const state = partitionState(index);
  const waits = state === 'late' || state === 'held';
  return {
    key: `event_time=${text}`,
    partition: text,
    values: { event_time: text },
    interval_start: iso(dayOf(index)),
    interval_end: iso(dayOf(index + 1)),
    state,
    late: waits,
    rule: state === 'held' ? 'allowed_lateness' : '',
    reason: reasons[state] ?? '',
    run_id: state === 'never' ? null : `scheduled_${text}`,
    built_from: state === 'never' ? null : { devices: 1284 - Math.round((days - index) * 1.3) },
    rows: waits ? 86 : null,
    lateness_seconds: waits ? (days - index) * 86_400 : null,
  };
});

export const change = (
  version: number,
  partition: string,
  rows: number,
  lateness: number | null,
  covered?: boolean,
) => ({
  source: 'devices',
  version,
  timestamp: iso(now - (1284 - version) * 3_600_000),
  operation: 'WRITE',
  partition: { event_time: partition },
  files_added: 1,
  files_removed: 0,
  rows_added: rows,
  rows_removed: 0,
  deletion_vector_updates: 0,
  lateness_seconds: lateness,
  assumed: false,
  note: '',
  ...(covered === undefined ? {} : { covered }),
});

const decisions: Record<string, PlanEntry['decision']> = {
  late: 'process',
  held: 'held',
  failed: 'failed',
  processing: 'open',
  never: 'waiting',
  complete: 'up_to_date',
};

export const planEntry = (partition: PartitionSummary): PlanEntry => ({
  key: partition.key,
  partition: partition.partition,
  values: partition.values,
  interval_start: partition.interval_start,
  interval_end: partition.interval_end,
  decision: decisions[partition.state] ?? 'up_to_date',
  kind: partition.late ? 'backfill' : 'scheduled',
  late: partition.late,
  rule: partition.rule,
  releasable: partition.state === 'held',
  reason: partition.reason || 'nothing came after it was built',
  cause: partition.late ? 'devices@1283' : 'interval',
  lateness_seconds: partition.lateness_seconds,
  rows: partition.rows,
  blocking_run: partition.state === 'failed' || partition.state === 'processing' ? partition.run_id : null,
  changes: partition.late
    ? [change(1282, partition.partition, 1204, 520_000, false), change(1283, partition.partition, 86, 793_000, false)]
    : [],
});

export function versions(): Versions {
  const shown = partitions.slice(-46);
  const commits = Array.from({ length: 100 }, (_, index) => ({
    version: 1185 + index,
    timestamp: iso(now - (100 - index) * 7_200_000 * 3),
    operation: index === 36 || index === 71 ? 'OPTIMIZE' : 'WRITE',
    data_change: index !== 36 && index !== 71,
  }));
  const next = random(3);
  const marks: Versions['marks'] = [];
  const mark = (
    version: number,
    row: number,
    kind: Versions['marks'][number]['class'],
    rows: number,
    unseen = false,
  ) => {
    const partition = shown[row];
    if (!partition) return;
    marks.push({
      version,
      key: partition.key,
      class: kind,
      rows_added: rows,
      rows_removed: 0,
      files_added: 1,
      files_removed: 0,
      lateness_seconds: kind === 'late' ? 400_000 : null,
      unseen,
    });
  };
  commits.forEach(({ version }, index) => {
    const row = Math.floor((index / 100) * 46);
    if (index === 36 || index === 71)
      for (let at = Math.max(0, row - 9); at < row; at += 1) mark(version, at, 'compaction', 0);
    else {
      mark(version, row, 'on_time', 400 + next() * 1200);
      if (next() < 0.14 && row > 4) mark(version, row - 2 - Math.floor(next() * 8), 'late', 50 + next() * 800);
    }
  });
  mark(1282, 37, 'late', 1204, true);
  mark(1283, 42, 'late', 86, true);
  mark(1280, 20, 'rewrite', 300);
  return {
    source: 'devices',
    table: 's3://lake/devices',
    sources: ['devices'],
    seen: 1284,
    next_before: 1185,
    commits,
    partitions: shown.map((partition, row) => ({
      key: partition.key,
      partition: partition.partition,
      interval_start: partition.interval_start,
      state: partition.state,
      built_at_version:
        partition.state === 'never' ? null : Math.min(1281, 1185 + Math.floor(((row + 1.4) / 46) * 100)),
      built_at: iso(now - (46 - row) * day),
      run_id: `scheduled_${partition.partition}`,
    })),
    marks,
  };
}

export const cascade: Cascade = {
  nodes: [
    { id: 'table:t1', type: 'table', name: 'devices', health: null, late: null, running: null },
    { id: 'pipeline:devices_loader', type: 'pipeline', name: 'devices_loader', health: 'late', late: 2, running: 1 },
    { id: 'table:t2', type: 'table', name: 'devices_by_type', health: null, late: null, running: null },
    { id: 'pipeline:device_report', type: 'pipeline', name: 'device_report', health: 'ok', late: 0, running: 0 },
    { id: 'pipeline:billing', type: 'pipeline', name: 'billing', health: 'failed', late: 0, running: 0 },
  ],
  edges: [
    { from: 'table:t1', to: 'pipeline:devices_loader', label: 'identity' },
    { from: 'pipeline:devices_loader', to: 'table:t2', label: 'process_devices' },
    { from: 'table:t2', to: 'pipeline:device_report', label: 'rollup: month' },
    { from: 'table:t2', to: 'pipeline:billing', label: 'window: 7' },
  ],
};
