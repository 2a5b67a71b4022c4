/** Where the keyboard is: a column (0 is the newest run) and a row (-1 is the bar above the steps). */
export interface Position {
  column: number;
  row: number;
}

const page = 20;

/** Where a key leads, or null when it is no key of the grid. To the left is to the past. */
export function move(from: Position, key: string, columns: number, rows: number): Position | null {
  const column = (to: number): Position => ({ ...from, column: Math.max(0, Math.min(columns - 1, to)) });
  const row = (to: number): Position => ({ ...from, row: Math.max(-1, Math.min(rows - 1, to)) });
  switch (key) {
    case 'ArrowLeft':
      return column(from.column + 1);
    case 'ArrowRight':
      return column(from.column - 1);
    case 'PageUp':
      return column(from.column + page);
    case 'PageDown':
      return column(from.column - page);
    case 'Home':
      return column(columns - 1);
    case 'End':
      return column(0);
    case 'ArrowUp':
      return row(from.row - 1);
    case 'ArrowDown':
      return row(from.row + 1);
    default:
      return null;
  }
}
