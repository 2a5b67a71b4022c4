// The part of a log that is held in memory: pieces in a row, each read from the server in one go. The rest is asked for when
// the view comes near an end, and what is far behind is let go, so that a log of any size costs the same.

export interface Piece {
  /** Bytes [offset, end) of the log. */
  offset: number;
  end: number;
  lines: string[];
  /** Its last line goes on in the next piece. */
  open: boolean;
  /** Number of its first line, counted from where the window was opened; may be negative. */
  first: number;
}

export interface LogWindow {
  pieces: Piece[];
  /** Bytes of the whole log, as last heard. */
  size: number;
  /** It has ended: nothing more comes. */
  complete: boolean;
}

export interface RawPiece {
  text: string;
  offset: number;
  next_offset: number;
  size: number;
  complete: boolean;
}

export const emptyWindow: LogWindow = { pieces: [], size: 0, complete: false };

const mostPieces = 32;
const mostLines = 200_000;

function pieceOf(raw: RawPiece, first: number): Piece {
  const closed = raw.text.endsWith('\n');
  const lines = (closed ? raw.text.slice(0, -1) : raw.text).split('\n');
  return {
    offset: raw.offset,
    end: raw.next_offset,
    lines: raw.text === '' ? [] : lines,
    open: raw.text !== '' && !closed,
    first,
  };
}

const withFacts = (window: LogWindow, raw: RawPiece, pieces: Piece[]): LogWindow => ({
  pieces,
  size: Math.max(raw.size, window.size),
  complete: window.complete || raw.complete,
});

export const openWindow = (raw: RawPiece): LogWindow => withFacts(emptyWindow, raw, [pieceOf(raw, 0)]);

const lineCount = (pieces: Piece[]): number => pieces.reduce((sum, piece) => sum + piece.lines.length, 0);

function trimmed(pieces: Piece[], from: 'front' | 'back'): Piece[] {
  let kept = pieces;
  while (kept.length > 1 && (kept.length > mostPieces || lineCount(kept) > mostLines)) {
    kept = from === 'front' ? kept.slice(1) : kept.slice(0, -1);
  }
  return kept;
}

/** Puts a piece behind the last one. One that doesn't begin where that ended is not taken. */
export function append(window: LogWindow, raw: RawPiece): LogWindow {
  const last = window.pieces.at(-1);
  if (!last) return openWindow(raw);
  if (raw.offset !== last.end || raw.text === '') return withFacts(window, raw, window.pieces);
  const piece = pieceOf(raw, last.first + last.lines.length);
  if (!last.open) return withFacts(window, raw, trimmed([...window.pieces, piece], 'front'));
  // The last line goes on: what is new belongs to it.
  const [head = '', ...rest] = piece.lines;
  const lines = [...last.lines.slice(0, -1), (last.lines.at(-1) ?? '') + head, ...rest];
  const joined: Piece = { ...last, end: piece.end, lines, open: piece.open };
  return withFacts(window, raw, [...window.pieces.slice(0, -1), joined]);
}

/** Puts a piece before the first one; `gap` is what lies between when the first begins within a line. */
export function prepend(window: LogWindow, raw: RawPiece, gap = ''): LogWindow {
  const next = window.pieces[0];
  if (!next) return openWindow(raw);
  if (raw.text === '' && gap === '') return window;
  const piece = pieceOf({ ...raw, text: raw.text + gap, next_offset: next.offset }, 0);
  if (piece.open) {
    const [head = '', ...rest] = next.lines;
    const lines = [...piece.lines.slice(0, -1), (piece.lines.at(-1) ?? '') + head, ...rest];
    const joined: Piece = { ...next, offset: piece.offset, lines, first: next.first - (piece.lines.length - 1) };
    return withFacts(window, raw, [joined, ...window.pieces.slice(1)]);
  }
  return withFacts(
    window,
    raw,
    trimmed([{ ...piece, first: next.first - piece.lines.length }, ...window.pieces], 'back'),
  );
}

export const startOf = (window: LogWindow): number => window.pieces[0]?.offset ?? 0;
export const endOf = (window: LogWindow): number => window.pieces.at(-1)?.end ?? 0;
export const countOf = (window: LogWindow): number => lineCount(window.pieces);
export const firstOf = (window: LogWindow): number => window.pieces[0]?.first ?? 0;

/** A line by its place in the window. */
export function lineAt(window: LogWindow, index: number): string {
  let left = index;
  for (const piece of window.pieces) {
    if (left < piece.lines.length) return piece.lines[left] ?? '';
    left -= piece.lines.length;
  }
  return '';
}
