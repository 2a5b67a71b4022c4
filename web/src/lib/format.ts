const narrowSpace = '\u202f';

const integers = new Intl.NumberFormat('en-US', { maximumFractionDigits: 0 });

/** 1284 → "1 284", as one word. */
export const formatInteger = (value: number | null | undefined): string =>
  value == null ? 'unknown' : integers.format(value).replaceAll(',', narrowSpace);

const byteUnits = ['B', 'KiB', 'MiB', 'GiB', 'TiB', 'PiB'];

export function formatBytes(bytes: number | null | undefined): string {
  if (bytes == null) return 'unknown';
  let value = bytes;
  let unit = 0;
  while (value >= 1024 && unit < byteUnits.length - 1) {
    value /= 1024;
    unit += 1;
  }
  return `${unit === 0 ? value : value.toFixed(value < 10 ? 1 : 0)}${narrowSpace}${byteUnits[unit]}`;
}

const parts: [string, number][] = [
  ['d', 86_400],
  ['h', 3_600],
  ['m', 60],
  ['s', 1],
];

/** At most two parts: "6 d 4 h", "2 m 10 s", "8.4 s", "120 ms". */
export function formatDuration(seconds: number | null | undefined): string {
  if (seconds == null || !Number.isFinite(seconds)) return '–';
  const sign = seconds < 0 ? '−' : '';
  const size = Math.abs(seconds);
  if (size < 1) return `${sign}${Math.round(size * 1000)}${narrowSpace}ms`;
  if (size < 59.95) return `${sign}${size < 9.95 ? size.toFixed(1) : Math.round(size)}${narrowSpace}s`;
  const whole = Math.round(size);
  const first = parts.findIndex(([, length]) => whole >= length);
  const [unit, length] = parts[first] ?? ['s', 1];
  const big = Math.floor(whole / length);
  const [nextUnit, nextLength] = parts[first + 1] ?? ['s', 1];
  const small = Math.floor((whole - big * length) / nextLength);
  const head = `${sign}${big}${narrowSpace}${unit}`;
  return small === 0 ? head : `${head} ${small}${narrowSpace}${nextUnit}`;
}

export const formatPercent = (share: number): string =>
  `${share > 0 && share < 0.001 ? '< 0.1' : (share * 100).toFixed(share < 0.1 ? 1 : 0)}${narrowSpace}%`;

/** {devices: 3, users: 7} → "devices@3, users@7" */
export const formatVersions = (versions: Record<string, number> | null | undefined): string =>
  Object.entries(versions ?? {})
    .map(([source, version]) => `${source}@${version}`)
    .join(', ');

/** "+412", "−3", "+5 −2", "unknown rows" */
export function formatRows(added: number | null, removed: number | null): string {
  if (added == null && removed == null) return 'unknown';
  const plus = added ? `+${formatInteger(added)}` : '';
  const minus = removed ? `−${formatInteger(removed)}` : '';
  return [plus, minus].filter(Boolean).join(' ') || '0';
}

export const plural = (count: number, one: string, many = `${one}s`): string =>
  `${formatInteger(count)} ${count === 1 ? one : many}`;

export const secondsBetween = (from: string | null, to: string | number | null): number | null => {
  if (from == null || to == null) return null;
  const end = typeof to === 'number' ? to : Date.parse(to);
  return (end - Date.parse(from)) / 1000;
};

/** A partition as people write it when it has one column: "event_time=2024-01-01" is 2024-01-01. */
export const shortPartition = (text: string): string => /^[^=/]+=([^=/]+)$/.exec(text)?.[1] ?? text;
