import type { LogPiece } from '../../src/api/types';

/** A log of any size that is made as it is read: each line is as long as the others, so that a place tells its line. */
export const lineBytes = 100;

export function lineText(index: number): string {
  const colour =
    index % 50 === 7
      ? '\u001b[31mERROR\u001b[0m'
      : index % 11 === 3
        ? '\u001b[33mWARN\u001b[0m '
        : '\u001b[32mINFO\u001b[0m ';
  const text = `${String(index).padStart(9, '0')} ${colour} read file ${index % 977} of partition event_time=2026-11-25`;
  return `${text.padEnd(lineBytes - 1, '.').slice(0, lineBytes - 1)}\n`;
}

export function piece(size: number, complete: boolean, query: URLSearchParams): LogPiece {
  const tail = query.get('tail');
  const limit = Number(query.get('limit') ?? 262_144);
  let offset = tail === null ? Number(query.get('offset') ?? 0) : Math.max(0, size - Number(tail));
  if (tail !== null) offset -= offset % lineBytes;
  const end = Math.min(size, offset + (tail === null ? limit : size));
  let text = '';
  for (let index = Math.floor(offset / lineBytes); index * lineBytes < end; index += 1) text += lineText(index);
  text = text.slice(offset % lineBytes).slice(0, end - offset);
  const newline = text.lastIndexOf('\n');
  if (newline >= 0) text = text.slice(0, newline + 1);
  return {
    text,
    offset,
    next_offset: offset + text.length,
    size,
    complete: complete && offset + text.length >= size,
    try: 1,
    attempt: 1,
  };
}

export function search(size: number, query: URLSearchParams) {
  const wanted = (query.get('q') ?? '').toLowerCase();
  const items: { offset: number; text: string }[] = [];
  const lines = size / lineBytes;
  let index = Math.floor(Number(query.get('offset') ?? 0) / lineBytes);
  for (; index < lines && items.length < 200; index += 1) {
    const text = lineText(index).trimEnd();
    if (text.toLowerCase().includes(wanted)) items.push({ offset: index * lineBytes, text });
  }
  return { items, next_offset: index < lines ? index * lineBytes : null, size };
}
