import { Switch, Tooltip } from '@mantine/core';
import { useMay } from '@/api/session';
import type { PipelineSummary } from '@/api/types';
import { useAction } from '@/api/useAction';

/** On: it runs. Shows what was asked for until the server has answered. */
export function PauseSwitch({ pipeline }: { pipeline: Pick<PipelineSummary, 'id' | 'name' | 'paused'> }) {
  const operator = useMay('operator');
  const { mutate, isPending } = useAction();
  const on = isPending ? pipeline.paused : !pipeline.paused;
  return (
    <Tooltip label={pipeline.paused ? 'Paused: nothing new of it starts' : 'Active: switch off to pause'}>
      <Switch
        size="sm"
        aria-label={`${pipeline.name} is active`}
        checked={on}
        disabled={!operator}
        onChange={() => mutate({ action: { type: pipeline.paused ? 'resume' : 'pause', pipeline: pipeline.id } })}
      />
    </Tooltip>
  );
}
