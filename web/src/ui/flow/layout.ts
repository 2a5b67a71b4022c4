import { Graph, layout } from '@dagrejs/dagre';

export interface FlowNode {
  id: string;
  label: string;
  sub?: string | undefined;
  state?: string | undefined;
  /** Where a click leads. */
  to?: string | undefined;
  shape?: 'box' | 'table' | undefined;
}

export interface FlowEdge {
  from: string;
  to: string;
  label?: string | undefined;
}

export interface Placed {
  id: string;
  x: number;
  y: number;
}

export const nodeWidth = 190;
export const nodeHeight = 58;

/** Places the nodes from left to right along the edges; the top left corner of each. */
export function place(nodes: FlowNode[], edges: FlowEdge[]): Placed[] {
  const graph = new Graph();
  graph.setGraph({
    rankdir: 'LR',
    nodesep: 22,
    ranksep: edges.some((edge) => edge.label) ? 130 : 70,
    marginx: 10,
    marginy: 10,
  });
  graph.setDefaultEdgeLabel(() => ({}));
  for (const node of nodes) graph.setNode(node.id, { width: nodeWidth, height: nodeHeight });
  const known = new Set(nodes.map((node) => node.id));
  for (const { from, to } of edges) if (known.has(from) && known.has(to)) graph.setEdge(from, to);
  layout(graph);
  return nodes.map(({ id }) => {
    const at = graph.node(id) as { x: number; y: number };
    return { id, x: at.x - nodeWidth / 2, y: at.y - nodeHeight / 2 };
  });
}
