import { useSearchParams } from 'react-router';
import { usePipelineId } from '@/pages/pipeline/usePipelineId';
import { PlanView } from './PlanView';

export function PipelinePlanPage() {
  const [params, setParams] = useSearchParams();
  const setRule = (rule: string) => setParams(rule ? { rule } : {}, { replace: true });
  return <PlanView pipeline={usePipelineId()} rule={params.get('rule') ?? ''} setRule={setRule} />;
}
