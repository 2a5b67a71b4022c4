import { appendFileSync } from 'node:fs';

/** Prints the median and the largest of some measurements, in milliseconds; also for `script/bench web`, which asks for it. */
export function report(what: string, times: number[]): void {
  const sorted = [...times].sort((a, b) => a - b);
  const median = sorted[Math.floor(sorted.length / 2)] ?? Number.NaN;
  process.stdout.write(
    `measured: ${what}: median ${median.toFixed(0)} ms, most ${sorted.at(-1)?.toFixed(0)} ms of ${times.length}\n`,
  );
  const file = process.env.MEASURES;
  if (file) appendFileSync(file, `${JSON.stringify({ what, times })}\n`);
}
