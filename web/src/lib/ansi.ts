// What programs write to colour a terminal, as spans of text. Anything that isn't a colour is dropped: the cursor can't be
// moved in a log.

export interface Style {
  color?: string;
  background?: string;
  bold?: boolean;
  dim?: boolean;
  italic?: boolean;
  underline?: boolean;
}

export interface Span extends Style {
  text: string;
}

// CSI sequences, OSC sequences (titles, links), and other short escapes.
// biome-ignore lint/suspicious/noControlCharactersInRegex: they are what is looked for
const escapes = /\u001b\[([0-9;:]*)([ -/]*[@-~])|\u001b\][^\u0007\u001b]*(?:\u0007|\u001b\\)|\u001b[ -/]*[0-Z\\^-~]/g;
// biome-ignore lint/suspicious/noControlCharactersInRegex: they are what is looked for
const control = /[\u0000-\u0008\u000b-\u001f\u007f]/g;

const names = ['black', 'red', 'green', 'yellow', 'blue', 'magenta', 'cyan', 'white'];
const named = (index: number, bright: boolean): string => `var(--ansi-${bright ? 'bright-' : ''}${names[index]})`;

function fromPalette(index: number): string | undefined {
  if (!(index >= 0 && index <= 255)) return undefined;
  if (index < 16) return named(index % 8, index > 7);
  if (index >= 232) {
    const grey = 8 + (index - 232) * 10;
    return `rgb(${grey}, ${grey}, ${grey})`;
  }
  const part = (value: number) => (value === 0 ? 0 : 55 + value * 40);
  const cube = index - 16;
  return `rgb(${part(Math.floor(cube / 36))}, ${part(Math.floor(cube / 6) % 6)}, ${part(cube % 6)})`;
}

/** 38;5;n or 38;2;r;g;b, from `at`; how many numbers it took. */
function extended(codes: number[], at: number): { color: string | undefined; used: number } {
  if (codes[at + 1] === 5) return { color: fromPalette(codes[at + 2] ?? -1), used: 2 };
  if (codes[at + 1] === 2) {
    const rgb = [codes[at + 2], codes[at + 3], codes[at + 4]].map((value) => Math.min(255, Math.max(0, value ?? 0)));
    return { color: `rgb(${rgb.join(', ')})`, used: 4 };
  }
  return { color: undefined, used: 0 };
}

const simple: Record<number, Style> = {
  1: { bold: true },
  2: { dim: true },
  3: { italic: true },
  4: { underline: true },
};

function without(style: Style, ...keys: (keyof Style)[]): Style {
  const kept = { ...style };
  for (const key of keys) delete kept[key];
  return kept;
}

function apply(style: Style, codes: number[]): Style {
  let next = style;
  for (let at = 0; at < codes.length; at += 1) {
    const code = codes[at] ?? 0;
    if (code === 0) next = {};
    else if (simple[code]) next = { ...next, ...simple[code] };
    else if (code === 22) next = without(next, 'bold', 'dim');
    else if (code === 23) next = without(next, 'italic');
    else if (code === 24) next = without(next, 'underline');
    else if (code === 39) next = without(next, 'color');
    else if (code === 49) next = without(next, 'background');
    else if (code >= 30 && code <= 37) next = { ...next, color: named(code - 30, false) };
    else if (code >= 90 && code <= 97) next = { ...next, color: named(code - 90, true) };
    else if (code >= 40 && code <= 47) next = { ...next, background: named(code - 40, false) };
    else if (code >= 100 && code <= 107) next = { ...next, background: named(code - 100, true) };
    else if (code === 38 || code === 48) {
      const { color, used } = extended(codes, at);
      if (color) next = { ...next, [code === 38 ? 'color' : 'background']: color };
      at += used;
    }
  }
  return next;
}

/** What is left to see of a line that was written over with carriage returns. */
const lastWritten = (line: string): string => {
  const whole = line.replace(/\r+$/, '');
  return whole.slice(whole.lastIndexOf('\r') + 1);
};

export function parseAnsi(raw: string): Span[] {
  const line = lastWritten(raw);
  const spans: Span[] = [];
  let style: Style = {};
  let from = 0;
  const add = (text: string) => {
    const clean = text.replace(control, '');
    if (clean !== '') spans.push({ ...style, text: clean });
  };
  for (const match of line.matchAll(escapes)) {
    add(line.slice(from, match.index));
    from = match.index + match[0].length;
    if (match[2] === 'm') style = apply(style, (match[1] ?? '').split(/[;:]/).map(Number));
  }
  add(line.slice(from));
  return spans;
}

export const plainText = (raw: string): string =>
  parseAnsi(raw)
    .map((span) => span.text)
    .join('');
