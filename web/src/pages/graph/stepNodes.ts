import type { RunStep, StepDefinition } from '@/api/types';
import type { FlowEdge, FlowNode } from '@/ui/flow/layout';

/** The graph of a pipeline's steps, with the states of a try where there is one. */
export function stepGraph(
  definitions: StepDefinition[],
  steps: RunStep[],
  addressOf: (step: string) => string | undefined,
): { nodes: FlowNode[]; edges: FlowEdge[] } {
  const nodes: FlowNode[] = definitions.map((definition) => {
    const own = steps.find((step) => step.step === definition.id && step.map_index == null);
    const instances = steps.filter((step) => step.step === definition.id && step.map_index != null).length;
    return {
      id: definition.id,
      label: instances > 0 ? `${definition.id} [${instances}]` : definition.id,
      sub: definition.into
        ? `${definition.kind} → ${lastPart(definition.into)}`
        : definition.builtin
          ? 'built in'
          : definition.kind,
      state: own?.state,
      to: definition.builtin ? undefined : addressOf(definition.id),
    };
  });
  const edges = definitions.flatMap((definition) =>
    definition.needs.map((need) => ({ from: need, to: definition.id })),
  );
  return { nodes, edges };
}

const lastPart = (location: string): string => location.replace(/\/+$/, '').split('/').pop() ?? location;
