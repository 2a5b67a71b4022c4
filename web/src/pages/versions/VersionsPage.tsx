import { Button, NativeSelect } from '@mantine/core';
import { useSearchParams } from 'react-router';
import { useVersions } from '@/api/pipelines';
import type { Versions } from '@/api/types';
import { PartitionPanel } from '@/pages/partitions/PartitionPanel';
import { usePartitionChoice } from '@/pages/partitions/usePartitionChoice';
import { usePipelineId } from '@/pages/pipeline/usePipelineId';
import { Card } from '@/ui/Card';
import { Empty, Loaded } from '@/ui/Condition';
import { Key } from './Key';
import { VersionsChart } from './VersionsChart';
import css from './VersionsPage.module.css';

const commitsShown = 120;

/** Which commit changed which partition, and what each was last built from: late data at a glance. */
export function VersionsPage() {
  const pipeline = usePipelineId();
  const [params, setParams] = useSearchParams();
  const { chosen, choose } = usePartitionChoice();
  const before = params.get('before');
  const query = useVersions(pipeline, {
    source: params.get('source') ?? undefined,
    before: before === null ? undefined : Number(before),
    limit: commitsShown,
  });
  const set = (name: string, value: string | null) => {
    const next = new URLSearchParams(params);
    if (value === null) next.delete(name);
    else next.set(name, value);
    setParams(next, { replace: name !== 'before' });
  };
  return (
    <div className={css.page} data-chosen={chosen !== null || undefined}>
      <Card title="Which commit changed which partition" flush aside={<Key />}>
        <Loaded query={query} what="versions">
          {(versions) => (
            <>
              <Choices versions={versions} older={before !== null} set={set} />
              {versions.commits.length === 0 || versions.partitions.length === 0 ? (
                <Empty title="No commits yet">The picture begins with the first commit that is seen.</Empty>
              ) : (
                <VersionsChart versions={versions} chosen={chosen} choose={choose} />
              )}
            </>
          )}
        </Loaded>
      </Card>
      {chosen !== null && (
        <PartitionPanel key={chosen} pipeline={pipeline} partition={chosen} close={() => choose(null)} />
      )}
    </div>
  );
}

interface ChoicesProps {
  versions: Versions;
  older: boolean;
  set: (name: string, value: string | null) => void;
}

function Choices({ versions: { sources, source, next_before, table }, older, set }: ChoicesProps) {
  return (
    <div className={css.choices}>
      {sources.length > 1 ? (
        <NativeSelect
          size="xs"
          aria-label="Source"
          value={source}
          data={sources}
          onChange={(event) => set('source', event.currentTarget.value)}
        />
      ) : (
        <span className="dim wrap" title={table}>
          source {source}
        </span>
      )}
      {next_before !== null && (
        <Button variant="default" size="compact-xs" onClick={() => set('before', String(next_before))}>
          Older commits
        </Button>
      )}
      {older && (
        <Button variant="default" size="compact-xs" onClick={() => set('before', null)}>
          Newest commits
        </Button>
      )}
    </div>
  );
}
