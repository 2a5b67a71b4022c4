import { SegmentedControl } from '@mantine/core';
import { useZone, type Zone } from '@/lib/zone';

export function ZoneSwitch() {
  const { zone, setZone } = useZone();
  return (
    <SegmentedControl
      size="xs"
      fullWidth
      aria-label="Times in"
      value={zone}
      onChange={(value) => setZone(value as Zone)}
      data={[
        { value: 'utc', label: 'UTC' },
        { value: 'local', label: 'Local' },
      ]}
    />
  );
}
