import { Link, Outlet, useMatch } from 'react-router';
import { usePipeline } from '@/api/pipelines';
import type { Pipeline } from '@/api/types';
import { usePageTitle } from '@/app/usePageTitle';
import { pipelinePath } from '@/lib/paths';
import { FirstRunNotice } from '@/pages/pipelines/FirstRunNotice';
import { Loaded } from '@/ui/Condition';
import { Notice } from '@/ui/Notice';
import { PageHead } from '@/ui/Page';
import { StateBadge } from '@/ui/StateBadge';
import { TabLinks } from '@/ui/TabLinks';
import { PipelineActions } from './PipelineActions';
import { PipelineFacts } from './PipelineFacts';
import css from './PipelineLayout.module.css';
import { usePipelineId } from './usePipelineId';

export function PipelineLayout() {
  const id = usePipelineId();
  const query = usePipeline(id);
  // A run is shown beside the grid.
  const onRun = useMatch('/pipelines/:pipeline/runs/*') !== null;
  usePageTitle(query.data?.name ?? id);
  // The view below asks for its own things meanwhile, unless there is no such pipeline.
  const fails = query.data === undefined && query.error !== null;
  return (
    <>
      <Loaded query={query} what={id}>
        {(pipeline) => (
          <>
            <PageHead
              crumb={<Link to="/pipelines">Pipelines</Link>}
              title={pipeline.name}
              badges={<StateBadge state={pipeline.health} />}
              actions={<PipelineActions pipeline={pipeline} />}
            />
            <Problems pipeline={pipeline} />
            <PipelineFacts pipeline={pipeline} />
            <div className={css.tabs}>
              <TabLinks label="Views of the pipeline" tabs={tabsOf(pipeline, onRun)} />
            </div>
          </>
        )}
      </Loaded>
      {!fails && <Outlet />}
    </>
  );
}

const tabsOf = ({ id, late, held, failed }: Pipeline, onRun: boolean) => {
  const waiting = late + held + failed;
  return [
    { to: pipelinePath(id), label: 'Grid', exact: true, ...(onRun ? { active: true } : {}) },
    { to: pipelinePath(id, 'partitions'), label: 'Partitions' },
    { to: pipelinePath(id, 'versions'), label: 'Versions' },
    { to: pipelinePath(id, 'plan'), label: 'Plan', count: waiting },
    { to: pipelinePath(id, 'lateness'), label: 'Lateness' },
    { to: pipelinePath(id, 'graph'), label: 'Graph' },
    { to: pipelinePath(id, 'definition'), label: 'Definition' },
    { to: pipelinePath(id, 'events'), label: 'Events' },
  ];
};

function Problems({ pipeline }: { pipeline: Pipeline }) {
  const { file_error, problem } = pipeline;
  if (!file_error && !problem && pipeline.first_run_partitions == null) return null;
  return (
    <div className={css.problems}>
      <FirstRunNotice pipeline={pipeline} />
      {file_error && (
        <Notice kind="bad">
          <strong>
            {file_error.file}
            {file_error.line != null && `:${file_error.line}`}
          </strong>{' '}
          {file_error.message} The definition before it stays in force. <span className="dim">{file_error.hint}</span>
        </Notice>
      )}
      {problem && <Notice kind="bad">{problem}</Notice>}
    </div>
  );
}
