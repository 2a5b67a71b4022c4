import { useState } from 'react';
import { Link } from 'react-router';
import { usePipelines } from '@/api/pipelines';
import type { PipelineSummary } from '@/api/types';
import { usePageTitle } from '@/app/usePageTitle';
import { pipelinePath } from '@/lib/paths';
import { Empty, Loaded } from '@/ui/Condition';
import { PageHead } from '@/ui/Page';
import { StateBadge } from '@/ui/StateBadge';
import css from './PlanPage.module.css';
import { PlanView } from './PlanView';

const waits = ({ late, held, failed, queued, running }: PipelineSummary): boolean =>
  late + held + failed + queued + running > 0;

function OnePlan({ pipeline }: { pipeline: string }) {
  const [rule, setRule] = useState('');
  return <PlanView pipeline={pipeline} rule={rule} setRule={setRule} />;
}

/** The plans of all pipelines in which something waits. */
export function PlanPage() {
  usePageTitle('Plan');
  const query = usePipelines();
  return (
    <>
      <PageHead title="Plan" />
      <Loaded query={query} what="the plan">
        {({ items }) => {
          const busy = items.filter(waits);
          if (busy.length === 0) {
            return (
              <Empty title="Nothing is waiting">
                No pipeline has late, held or failed partitions, and no run is open.
              </Empty>
            );
          }
          return busy.map((pipeline) => (
            <section key={pipeline.id} className={css.pipeline} aria-label={pipeline.name}>
              <h2>
                <Link to={pipelinePath(pipeline.id, 'plan')}>{pipeline.name}</Link>{' '}
                <StateBadge state={pipeline.health} />
              </h2>
              <OnePlan pipeline={pipeline.id} />
            </section>
          ));
        }}
      </Loaded>
    </>
  );
}
