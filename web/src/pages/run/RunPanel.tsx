import { lazy, Suspense } from 'react';
import { useParams, useSearchParams } from 'react-router';
import { useRun } from '@/api/runs';
import type { Run } from '@/api/types';
import { runPath } from '@/lib/paths';
import { keptSearch } from '@/pages/grid/filters';
import { Card } from '@/ui/Card';
import { Loaded, Loading } from '@/ui/Condition';
import { TabLinks } from '@/ui/TabLinks';
import { RunHead } from './RunHead';
import css from './RunPanel.module.css';
import { StepsTab } from './StepsTab';
import { type RunTab, runTabOf, runTabs } from './tabs';

const GraphTab = lazy(async () => ({ default: (await import('./GraphTab')).GraphTab }));
const GanttTab = lazy(async () => ({ default: (await import('./GanttTab')).GanttTab }));
const LogsTab = lazy(async () => ({ default: (await import('@/pages/logs/LogsTab')).LogsTab }));
const WhyTab = lazy(async () => ({ default: (await import('./WhyTab')).WhyTab }));
const DefinitionTab = lazy(async () => ({ default: (await import('./DefinitionTab')).DefinitionTab }));
const AuditTab = lazy(async () => ({ default: (await import('./AuditTab')).AuditTab }));

export function RunPanel({ pipeline, run }: { pipeline: string; run: string }) {
  const query = useRun(pipeline, run);
  const tab = runTabOf(useParams().tab);
  const [params] = useSearchParams();
  const search = keptSearch(params);
  return (
    <Card className={css.panel} flush>
      <Loaded query={query} what={run}>
        {(data) => (
          <>
            <RunHead run={data} />
            <div className={css.tabs}>
              <TabLinks
                label="Views of the run"
                tabs={runTabs.map((one) => ({
                  to: runPath(pipeline, run, one) + search,
                  label: one[0]?.toUpperCase() + one.slice(1),
                  active: one === tab,
                }))}
              />
            </div>
            <Suspense fallback={<Loading what={tab} />}>
              <TabContent tab={tab} run={data} />
            </Suspense>
          </>
        )}
      </Loaded>
    </Card>
  );
}

function TabContent({ tab, run }: { tab: RunTab; run: Run }) {
  switch (tab) {
    case 'steps':
      return <StepsTab run={run} />;
    case 'graph':
      return <GraphTab run={run} />;
    case 'gantt':
      return <GanttTab run={run} />;
    case 'logs':
      return <LogsTab run={run} />;
    case 'why':
      return <WhyTab run={run} />;
    case 'definition':
      return <DefinitionTab run={run} />;
    case 'audit':
      return <AuditTab run={run} />;
  }
}
