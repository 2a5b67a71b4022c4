import { formatDuration, secondsBetween } from '@/lib/format';
import { useNow } from '@/lib/useNow';

/** From start to end, or to now while it runs. */
export function Duration({ started, ended }: { started: string | null; ended: string | null }) {
  const running = started !== null && ended === null;
  const now = useNow(running);
  return <span className="nowrap">{formatDuration(secondsBetween(started, ended ?? now))}</span>;
}
