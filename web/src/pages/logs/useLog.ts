import { useCallback, useEffect, useRef, useState } from 'react';
import { fetchPiece, type LogTarget, pieceBytes } from './logApi';
import { append, emptyWindow, endOf, type LogWindow, openWindow, prepend, startOf } from './logWindow';

const followMs = 700;

export interface Log {
  window: LogWindow;
  error: unknown;
  loading: boolean;
  /** Goes up each time another part of the log was opened, so that the view starts anew. */
  opened: number;
  toStart: () => void;
  toEnd: () => void;
  toOffset: (offset: number) => void;
  before: () => void;
  after: () => void;
}

/** A window over a log: opened at the end, moved by scrolling, growing while the log does. */
export function useLog(target: LogTarget): Log {
  const [window, setWindow] = useState<LogWindow>(emptyWindow);
  const [error, setError] = useState<unknown>(null);
  const [loading, setLoading] = useState(true);
  const [opened, setOpened] = useState(0);
  const current = useRef<LogWindow>(emptyWindow);
  const busy = useRef<AbortController | null>(null);
  const key = JSON.stringify(target);

  const put = useCallback((next: LogWindow) => {
    current.current = next;
    setWindow(next);
  }, []);

  /** One request at a time; opening another part breaks off what runs. */
  const run = useCallback(async (work: (signal: AbortSignal) => Promise<void>, breakOff: boolean) => {
    if (busy.current && !breakOff) return;
    busy.current?.abort();
    const controller = new AbortController();
    busy.current = controller;
    setLoading(true);
    try {
      await work(controller.signal);
      setError(null);
    } catch (failure) {
      if (!controller.signal.aborted) setError(failure);
    } finally {
      if (busy.current === controller) {
        busy.current = null;
        setLoading(false);
      }
    }
  }, []);

  const open = useCallback(
    (where: { offset?: number; tail?: number }) =>
      run(async (signal) => {
        const wish = where.tail === undefined ? { offset: where.offset ?? 0, limit: pieceBytes } : { tail: where.tail };
        put(openWindow(await fetchPiece(JSON.parse(key), wish, signal)));
        setOpened((count) => count + 1);
      }, true),
    [key, put, run],
  );

  const before = useCallback(() => {
    const start = startOf(current.current);
    if (start === 0) return;
    void run(async (signal) => {
      const offset = Math.max(0, start - pieceBytes);
      const piece = await fetchPiece(JSON.parse(key), { offset, limit: start - offset }, signal);
      // The piece ends with a line; what lies between it and the window is the head of the window's first line.
      const gap =
        piece.next_offset < start
          ? await fetchPiece(JSON.parse(key), { offset: piece.next_offset, limit: start - piece.next_offset }, signal)
          : null;
      put(prepend(current.current, piece, gap?.text ?? ''));
    }, false);
  }, [key, put, run]);

  const after = useCallback(() => {
    const { complete, size } = current.current;
    const end = endOf(current.current);
    if (complete && end >= size) return;
    void run(
      async (signal) =>
        put(append(current.current, await fetchPiece(JSON.parse(key), { offset: end, limit: pieceBytes }, signal))),
      false,
    );
  }, [key, put, run]);

  const toEnd = useCallback(() => void open({ tail: pieceBytes }), [open]);
  const toStart = useCallback(() => void open({ offset: 0 }), [open]);
  const toOffset = useCallback((offset: number) => void open({ offset }), [open]);

  useEffect(() => {
    put(emptyWindow);
    toEnd();
    return () => busy.current?.abort();
  }, [put, toEnd]);

  // While it grows, and its end is in the window, what is new is asked for.
  const live = window.pieces.length > 0 && !window.complete && endOf(window) >= window.size - pieceBytes;
  useEffect(() => {
    if (!live) return;
    const timer = setInterval(after, followMs);
    return () => clearInterval(timer);
  }, [live, after]);

  return { window, error, loading, opened, toStart, toEnd, toOffset, before, after };
}
