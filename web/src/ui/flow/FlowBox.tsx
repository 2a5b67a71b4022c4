import { Handle, Position } from '@xyflow/react';
import { Link } from 'react-router';
import { lookOf } from '@/theme/states';
import { StateIcon } from '../StateIcon';
import css from './FlowBox.module.css';
import type { FlowNode } from './layout';

export function FlowBox({ data: { node } }: { data: { node: FlowNode } }) {
  const content = (
    <>
      <span className={css.label} title={node.label}>
        {node.state && <StateIcon state={node.state} size={15} />}
        <span>{node.label}</span>
      </span>
      <span className={css.sub}>{[node.sub, node.state && lookOf(node.state).label].filter(Boolean).join(' · ')}</span>
    </>
  );
  return (
    <div
      className={css.box}
      data-shape={node.shape ?? 'box'}
      data-family={node.state ? lookOf(node.state).family : undefined}
    >
      <Handle type="target" position={Position.Left} isConnectable={false} className={css.handle ?? ''} />
      {node.to ? (
        <Link to={node.to} className={`${css.inner} nopan`}>
          {content}
        </Link>
      ) : (
        <div className={css.inner}>{content}</div>
      )}
      <Handle type="source" position={Position.Right} isConnectable={false} className={css.handle ?? ''} />
    </div>
  );
}
