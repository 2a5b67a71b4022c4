import { usePipeline } from '@/api/pipelines';
import type { Run } from '@/api/types';
import { runPath } from '@/lib/paths';
import { stepGraph } from '@/pages/graph/stepNodes';
import { Loaded } from '@/ui/Condition';
import { FlowChart } from '@/ui/flow/FlowChart';
import { TryChoice } from './TryChoice';
import { useTry } from './useTry';

export function GraphTab({ run }: { run: Run }) {
  const { chosen, choose } = useTry(run);
  const query = usePipeline(run.pipeline);
  const addressOf = (step: string) => `${runPath(run.pipeline, run.run_id, 'logs')}?step=${encodeURIComponent(step)}`;
  return (
    <Loaded query={query} what="the graph">
      {({ steps }) => (
        <>
          <TryChoice tries={run.tries} chosen={chosen?.number} choose={choose} />
          <FlowChart label={`Steps of ${run.run_id}`} {...stepGraph(steps, chosen?.steps ?? [], addressOf)} />
        </>
      )}
    </Loaded>
  );
}
