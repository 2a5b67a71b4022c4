import { api, unwrap } from './client';
import type { ActionResult, Rule } from './types';

export interface ClearOptions {
  steps?: string[];
  upstream?: boolean;
  downstream?: boolean;
  past?: boolean;
  future?: boolean;
  only_failed?: boolean;
  same_versions?: boolean;
  new_steps?: boolean;
}

export type Action =
  | { type: 'clear'; pipeline: string; run: string; options: ClearOptions }
  | { type: 'mark'; pipeline: string; run: string; state: 'success' | 'failed'; steps?: string[] }
  | { type: 'cancel'; pipeline: string; run: string }
  | { type: 'retry'; pipeline: string; run: string; step: string }
  | { type: 'note'; pipeline: string; run: string; note: string }
  | { type: 'trigger'; pipeline: string; partition?: string; from?: string; to?: string }
  | { type: 'pause'; pipeline: string }
  | { type: 'resume'; pipeline: string }
  | { type: 'release'; pipeline: string; partition: string }
  | { type: 'release-rule'; pipeline: string; rule: Rule }
  | { type: 'clear-older'; pipeline: string }
  | { type: 'hold'; pipeline: string; partition: string; reason: string }
  | { type: 'undo'; action: number };

export interface HowTo {
  dryRun?: boolean;
  note?: string;
  /** The fingerprint of the preview that was shown: if something else would be affected by now, nothing is done. */
  confirmed?: string;
  /** The same for each repeat of one wish. */
  key?: string;
  signal?: AbortSignal;
}

/** Does an action, or with `dryRun` says what it would affect. */
export function perform(action: Action, how: HowTo = {}): Promise<ActionResult> {
  const header = how.key && !how.dryRun ? { 'Idempotency-Key': how.key } : {};
  const plain: Plain = {
    dry_run: how.dryRun ?? false,
    ...(how.note ? { note: how.note } : {}),
    ...(how.confirmed ? { confirmed: how.confirmed } : {}),
  };
  const signal = how.signal ?? null;
  if (action.type === 'undo') {
    const params = { path: { action_id: action.action }, header };
    return unwrap(api.POST('/actions/{action_id}/undo', { params, body: plain, signal }));
  }
  const pipeline = action.pipeline;
  switch (action.type) {
    case 'trigger': {
      const { partition, from, to } = action;
      const params = { path: { pipeline }, header };
      return unwrap(
        api.POST('/pipelines/{pipeline}/trigger', { params, body: { ...plain, partition, from, to }, signal }),
      );
    }
    case 'pause':
      return unwrap(
        api.POST('/pipelines/{pipeline}/pause', { params: { path: { pipeline }, header }, body: plain, signal }),
      );
    case 'resume':
      return unwrap(
        api.POST('/pipelines/{pipeline}/resume', { params: { path: { pipeline }, header }, body: plain, signal }),
      );
    case 'release-rule': {
      const params = { path: { pipeline }, header };
      return unwrap(
        api.POST('/pipelines/{pipeline}/release', { params, body: { ...plain, rule: action.rule }, signal }),
      );
    }
    case 'clear-older': {
      const params = { path: { pipeline }, header };
      const body = { ...plain, older_definition: true, only_failed: false, same_versions: false };
      return unwrap(api.POST('/pipelines/{pipeline}/clear', { params, body, signal }));
    }
    case 'release':
    case 'hold':
      return performOnPartition(action, plain, header, signal);
    default:
      return performOnRun(action, plain, header, signal);
  }
}

type Plain = { dry_run: boolean; note?: string; confirmed?: string };
type Header = { 'Idempotency-Key'?: string };
type OnPartition = Extract<Action, { type: 'release' | 'hold' }>;
type OnRun = Extract<Action, { run: string }>;

function performOnPartition(action: OnPartition, plain: Plain, header: Header, signal: AbortSignal | null) {
  const params = { path: { pipeline: action.pipeline, partition: action.partition }, header };
  if (action.type === 'release') {
    return unwrap(api.POST('/pipelines/{pipeline}/partitions/{partition}/release', { params, body: plain, signal }));
  }
  const body = { dry_run: plain.dry_run, reason: action.reason };
  return unwrap(api.POST('/pipelines/{pipeline}/partitions/{partition}/hold', { params, body, signal }));
}

function performOnRun(action: OnRun, plain: Plain, header: Header, signal: AbortSignal | null) {
  const params = { path: { pipeline: action.pipeline, run: action.run }, header };
  switch (action.type) {
    case 'clear':
      return unwrap(
        api.POST('/pipelines/{pipeline}/runs/{run}/clear', {
          params,
          body: {
            upstream: false,
            downstream: true,
            past: false,
            future: false,
            only_failed: false,
            same_versions: false,
            new_steps: false,
            ...plain,
            ...action.options,
          },
          signal,
        }),
      );
    case 'mark':
      return unwrap(
        api.POST('/pipelines/{pipeline}/runs/{run}/mark', {
          params,
          body: { ...plain, state: action.state, ...(action.steps ? { steps: action.steps } : {}) },
          signal,
        }),
      );
    case 'cancel':
      return unwrap(api.POST('/pipelines/{pipeline}/runs/{run}/cancel', { params, body: plain, signal }));
    case 'retry':
      return unwrap(
        api.POST('/pipelines/{pipeline}/runs/{run}/retry', { params, body: { ...plain, step: action.step }, signal }),
      );
    case 'note':
      return unwrap(
        api.POST('/pipelines/{pipeline}/runs/{run}/note', {
          params,
          body: { dry_run: plain.dry_run, note: action.note },
          signal,
        }),
      );
  }
}
