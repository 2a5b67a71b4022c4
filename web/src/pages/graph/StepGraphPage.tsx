import { usePipeline } from '@/api/pipelines';
import { useRun } from '@/api/runs';
import { runPath } from '@/lib/paths';
import { usePipelineId } from '@/pages/pipeline/usePipelineId';
import { Card } from '@/ui/Card';
import { Loaded } from '@/ui/Condition';
import { FlowChart } from '@/ui/flow/FlowChart';
import { stepGraph } from './stepNodes';

/** The steps of a pipeline with the states of its newest run. */
export function StepGraphPage() {
  const id = usePipelineId();
  const query = usePipeline(id);
  const run = useRun(id, 'latest').data;
  const addressOf = (step: string) =>
    run ? `${runPath(id, run.run_id, 'logs')}?step=${encodeURIComponent(step)}` : undefined;
  return (
    <Card title="Steps" aside={run && <span>states of {run.run_id}</span>} flush>
      <Loaded query={query} what="the graph">
        {({ steps }) => (
          <FlowChart label={`Steps of ${id}`} {...stepGraph(steps, run?.tries.at(-1)?.steps ?? [], addressOf)} />
        )}
      </Loaded>
    </Card>
  );
}
