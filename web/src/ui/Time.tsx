import { formatFull, formatTime } from '@/lib/time';
import { useZone } from '@/lib/zone';

/** A moment in the zone the viewer chose; its title has both zones. */
export function Time({ at }: { at: string | null | undefined }) {
  const { zone } = useZone();
  if (!at) return <span className="dim">–</span>;
  return (
    <time dateTime={at} title={formatFull(at)} className="nowrap">
      {formatTime(at, zone)}
    </time>
  );
}
