import { UnstyledButton } from '@mantine/core';
import { useVirtualizer } from '@tanstack/react-virtual';
import { useRef } from 'react';
import type { PartitionSummary } from '@/api/types';
import { formatDuration, formatVersions, shortPartition } from '@/lib/format';
import { Empty } from '@/ui/Condition';
import { StateBadge } from '@/ui/StateBadge';
import css from './PartitionList.module.css';

interface PartitionListProps {
  partitions: PartitionSummary[];
  chosen: string | null;
  choose: (key: string) => void;
}

/** All partitions, newest first; only those in view are drawn. */
export function PartitionList({ partitions, chosen, choose }: PartitionListProps) {
  const scroller = useRef<HTMLDivElement>(null);
  const virtualizer = useVirtualizer({
    count: partitions.length,
    getScrollElement: () => scroller.current,
    estimateSize: () => 36,
    overscan: 10,
  });
  if (partitions.length === 0) return <Empty title="None is in this state" />;
  return (
    <div ref={scroller} className={css.scroller} tabIndex={0} role="region" aria-label="List of partitions">
      <ul className={css.list} style={{ height: virtualizer.getTotalSize() }}>
        {virtualizer.getVirtualItems().map((item) => {
          const partition = partitions[partitions.length - 1 - item.index];
          if (!partition) return null;
          return (
            <li key={partition.key} className={css.item} style={{ transform: `translateY(${item.start}px)` }}>
              <UnstyledButton
                className={css.line}
                aria-pressed={partition.key === chosen}
                onClick={() => choose(partition.key)}
              >
                <span className={css.name}>{shortPartition(partition.partition)}</span>
                <StateBadge state={partition.state} />
                <span className={css.reason}>{partition.reason}</span>
                <span className="dim nowrap">
                  {partition.lateness_seconds ? formatDuration(partition.lateness_seconds) : ''}
                </span>
                <code className={css.built}>{formatVersions(partition.built_from)}</code>
              </UnstyledButton>
            </li>
          );
        })}
      </ul>
    </div>
  );
}
