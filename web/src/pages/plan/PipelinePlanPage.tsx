import { usePipelineId } from '@/pages/pipeline/usePipelineId';
import { PlanView } from './PlanView';

export function PipelinePlanPage() {
  return <PlanView pipeline={usePipelineId()} />;
}
