import type { Zone } from './zone';

const formatters = new Map<string, Intl.DateTimeFormat>();

function formatter(zone: Zone, options: Intl.DateTimeFormatOptions): Intl.DateTimeFormat {
  const key = `${zone}${JSON.stringify(options)}`;
  let found = formatters.get(key);
  if (!found) {
    found = new Intl.DateTimeFormat('en-GB', { ...options, ...(zone === 'utc' ? { timeZone: 'UTC' } : {}) });
    formatters.set(key, found);
  }
  return found;
}

const clock: Intl.DateTimeFormatOptions = { hour: '2-digit', minute: '2-digit', second: '2-digit', hourCycle: 'h23' };

/** "21 Nov 06:02:11"; with the year when it isn't this one. */
export function formatTime(at: string | number, zone: Zone, now: number = Date.now()): string {
  const time = new Date(at);
  if (Number.isNaN(time.getTime())) return String(at);
  const otherYear = time.getUTCFullYear() !== new Date(now).getUTCFullYear();
  const day = formatter(zone, { day: '2-digit', month: 'short', ...(otherYear ? { year: 'numeric' } : {}) }).format(
    time,
  );
  return `${day} ${formatter(zone, clock).format(time)}`;
}

export const formatClock = (at: string | number, zone: Zone): string => formatter(zone, clock).format(new Date(at));

export const formatDay = (at: string | number, zone: Zone): string =>
  formatter(zone, { day: '2-digit', month: 'short', year: 'numeric' }).format(new Date(at));

/** Everything, for a title: both zones. */
export function formatFull(at: string): string {
  const time = new Date(at);
  if (Number.isNaN(time.getTime())) return at;
  const local = formatter('local', { dateStyle: 'medium', timeStyle: 'long' }).format(time);
  return `${time.toISOString()} · ${local}`;
}
