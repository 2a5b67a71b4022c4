import { useCascade } from '@/api/tables';
import type { Cascade } from '@/api/types';
import { usePageTitle } from '@/app/usePageTitle';
import { pipelinePath, tablePath } from '@/lib/paths';
import { Card } from '@/ui/Card';
import { Empty, Loaded } from '@/ui/Condition';
import { FlowChart } from '@/ui/flow/FlowChart';
import type { FlowNode } from '@/ui/flow/layout';
import { PageHead } from '@/ui/Page';

/** `pipeline:<id>` and `table:<id>`. */
const ownId = (id: string): string => id.slice(id.indexOf(':') + 1);

const nodeOf = ({ id, type, name, health, late, running }: Cascade['nodes'][number]): FlowNode => {
  if (type === 'table') return { id, label: name, sub: 'table', shape: 'table', to: tablePath(ownId(id)) };
  const busy = [running ? `${running} running` : '', late ? `${late} late` : ''].filter(Boolean).join(', ');
  return { id, label: name, sub: busy || undefined, state: health ?? 'unknown', to: pipelinePath(ownId(id)) };
};

export function CascadePage() {
  usePageTitle('Cascade');
  const query = useCascade();
  return (
    <>
      <PageHead title="Cascade" />
      <Card title="Which pipeline reads what which other one writes" flush>
        <Loaded query={query} what="the graph">
          {({ nodes, edges }) =>
            nodes.length === 0 ? (
              <Empty title="No pipelines yet" />
            ) : (
              <FlowChart label="Pipelines and tables" nodes={nodes.map(nodeOf)} edges={edges} />
            )
          }
        </Loaded>
      </Card>
    </>
  );
}
