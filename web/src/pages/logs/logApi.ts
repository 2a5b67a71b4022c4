import { apiUrl } from '@/api/base';
import { api, unwrap } from '@/api/client';
import type { LogPiece } from '@/api/types';

/** Which log. */
export interface LogTarget {
  pipeline: string;
  run: string;
  step: string;
  try: number;
  attempt: number;
}

export const pieceBytes = 256 * 1024;

interface Where {
  offset?: number;
  limit?: number;
  tail?: number;
}

export function fetchPiece(target: LogTarget, where: Where, signal: AbortSignal): Promise<LogPiece> {
  const { pipeline, run, step, attempt } = target;
  const query = { step, try: target.try, attempt, ...where };
  return unwrap(
    api.GET('/pipelines/{pipeline}/runs/{run}/logs', {
      params: { path: { pipeline, run }, query },
      signal,
      cache: 'no-store',
    }),
  );
}

export function searchLog(target: LogTarget, text: string, offset: number, signal: AbortSignal) {
  const { pipeline, run, step, attempt } = target;
  const query = { step, try: target.try, attempt, q: text, offset, limit: 200 };
  return unwrap(
    api.GET('/pipelines/{pipeline}/runs/{run}/logs/search', { params: { path: { pipeline, run }, query }, signal }),
  );
}

export function downloadUrl({ pipeline, run, step, attempt, try: number }: LogTarget): string {
  const query = new URLSearchParams({ step, try: String(number), attempt: String(attempt) });
  return apiUrl(`pipelines/${encodeURIComponent(pipeline)}/runs/${encodeURIComponent(run)}/logs/download?${query}`);
}
