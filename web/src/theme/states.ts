// One look per state: a colour family, a glyph and a word, so that colour is never the only sign.

export type Glyph =
  | 'check'
  | 'cross'
  | 'play'
  | 'dots'
  | 'skip'
  | 'slash'
  | 'clock'
  | 'retry'
  | 'hourglass'
  | 'up'
  | 'hand'
  | 'late'
  | 'none'
  | 'warn';

export type Family = 'good' | 'run' | 'bad' | 'warn' | 'idle' | 'skip' | 'defer';

export interface StateLook {
  label: string;
  family: Family;
  glyph: Glyph;
  /** Nothing has happened yet: drawn as an outline. */
  hollow?: boolean;
  meaning: string;
}

const looks = {
  queued: { label: 'queued', family: 'idle', glyph: 'dots', hollow: true, meaning: 'waits for its turn' },
  waiting: {
    label: 'waiting',
    family: 'idle',
    glyph: 'clock',
    hollow: true,
    meaning: 'waits for something; it says what',
  },
  running: { label: 'running', family: 'run', glyph: 'play', meaning: 'is at work' },
  success: { label: 'success', family: 'good', glyph: 'check', meaning: 'ended well' },
  failed: { label: 'failed', family: 'bad', glyph: 'cross', meaning: 'ended badly; it says why' },
  skipped: { label: 'skipped', family: 'skip', glyph: 'skip', meaning: 'there was nothing to do' },
  cancelled: { label: 'cancelled', family: 'idle', glyph: 'slash', meaning: 'a person ended it' },
  upstream_failed: { label: 'upstream failed', family: 'warn', glyph: 'up', meaning: 'a step before it failed' },
  up_for_retry: { label: 'up for retry', family: 'warn', glyph: 'retry', meaning: 'will be tried again' },
  deferred: { label: 'deferred', family: 'defer', glyph: 'hourglass', meaning: 'a job outside is at work' },
  starting: { label: 'starting', family: 'run', glyph: 'play', meaning: 'is being started' },
  lost: { label: 'lost', family: 'warn', glyph: 'warn', meaning: 'nobody saw how it ended' },
  complete: { label: 'complete', family: 'good', glyph: 'check', meaning: 'built from the newest data' },
  late: {
    label: 'late, waiting',
    family: 'warn',
    glyph: 'late',
    meaning: 'data came after it was built; it waits for a backfill',
  },
  held: {
    label: 'held',
    family: 'warn',
    glyph: 'hand',
    hollow: true,
    meaning: 'a rule, or a person, holds its late data back',
  },
  processing: { label: 'processing', family: 'run', glyph: 'play', meaning: 'a run is at work on it' },
  ignored: { label: 'ignored', family: 'skip', glyph: 'slash', hollow: true, meaning: 'outside the schedule' },
  ok: { label: 'healthy', family: 'good', glyph: 'check', meaning: 'nothing late waits, nothing failed' },
  paused: { label: 'paused', family: 'idle', glyph: 'hand', hollow: true, meaning: 'nothing new of it starts' },
  error: { label: 'error', family: 'bad', glyph: 'warn', meaning: 'its file or its tables can’t be read' },
  unknown: {
    label: 'not looked at yet',
    family: 'idle',
    glyph: 'dots',
    hollow: true,
    meaning: 'the scheduler has not come to it',
  },
  up_to_date: { label: 'up to date', family: 'good', glyph: 'check', meaning: 'nothing new for it' },
  process: { label: 'next', family: 'run', glyph: 'play', meaning: 'would be processed now' },
  open: { label: 'in progress', family: 'run', glyph: 'dots', meaning: 'a run of it is open' },
  never: { label: 'never processed', family: 'idle', glyph: 'none', hollow: true, meaning: 'no run has built it yet' },
} satisfies Record<string, StateLook>;

export type KnownState = keyof typeof looks;

/** Unknown states (of a newer server) are shown by their own name. */
export function lookOf(state: string): StateLook {
  return (
    (looks as Record<string, StateLook>)[state] ?? {
      label: state.replaceAll('_', ' '),
      family: 'idle',
      glyph: 'dots',
      hollow: true,
      meaning: '',
    }
  );
}

export const isOpen = (state: string): boolean =>
  state === 'queued' || state === 'running' || state === 'waiting' || state === 'up_for_retry' || state === 'deferred';
