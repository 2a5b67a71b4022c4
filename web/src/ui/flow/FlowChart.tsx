import '@xyflow/react/dist/style.css';
import { useMantineColorScheme } from '@mantine/core';
import { Controls, type Edge, MarkerType, type Node, ReactFlow } from '@xyflow/react';
import { useMemo } from 'react';
import { FlowBox } from './FlowBox';
import css from './FlowChart.module.css';
import { type FlowEdge, type FlowNode, place } from './layout';

const nodeTypes = { box: FlowBox };

/** Nodes and edges, placed by themselves; to look at and to go from, not to edit. */
export function FlowChart({ label, nodes, edges }: { label: string; nodes: FlowNode[]; edges: FlowEdge[] }) {
  const { colorScheme } = useMantineColorScheme();
  // The places depend on the shape only, so that a change of state moves nothing.
  const shape = JSON.stringify([nodes.map((node) => node.id), edges.map(({ from, to }) => [from, to])]);
  // biome-ignore lint/correctness/useExhaustiveDependencies: `shape` stands for nodes and edges
  const placed = useMemo(() => place(nodes, edges), [shape]);
  const flowNodes: Node<{ node: FlowNode }>[] = nodes.map((node, index) => ({
    id: node.id,
    type: 'box',
    position: { x: placed[index]?.x ?? 0, y: placed[index]?.y ?? 0 },
    data: { node },
    draggable: false,
    connectable: false,
    focusable: false,
  }));
  const flowEdges: Edge[] = edges.map(({ from, to, label: text }) => ({
    id: `${from}→${to}`,
    source: from,
    target: to,
    focusable: false,
    ...(text ? { label: text } : {}),
    markerEnd: { type: MarkerType.ArrowClosed, color: 'var(--lc-line-strong)' },
  }));
  const depth = Math.max(...placed.map((one) => one.y), 0) + 90;
  return (
    <section className={css.chart} aria-label={label} style={{ height: Math.min(Math.max(depth, 260), 640) }}>
      <ReactFlow
        nodes={flowNodes}
        edges={flowEdges}
        nodeTypes={nodeTypes}
        colorMode={colorScheme === 'auto' ? 'system' : colorScheme}
        fitView
        fitViewOptions={{ maxZoom: 1, padding: 0.08 }}
        minZoom={0.2}
        maxZoom={1.6}
        nodesConnectable={false}
        nodesDraggable={false}
        elementsSelectable={false}
        preventScrolling={false}
        zoomOnScroll={false}
        proOptions={{ hideAttribution: false }}
      >
        <Controls showInteractive={false} />
      </ReactFlow>
    </section>
  );
}
