import { useParams, useSearchParams } from 'react-router';
import { usePipelineId } from '@/pages/pipeline/usePipelineId';
import { RunPanel } from '@/pages/run/RunPanel';
import { Card } from '@/ui/Card';
import { Empty, Loaded } from '@/ui/Condition';
import { Filters } from './Filters';
import { keptSearch, readFilters } from './filters';
import { Grid } from './Grid';
import css from './GridPage.module.css';
import { Legend } from './Legend';
import { useGridRuns } from './useGridRuns';

/** The runs of a pipeline with, beside them, the one that is chosen: without a choice the newest. */
export function GridPage() {
  const pipeline = usePipelineId();
  const { run: chosen } = useParams();
  const [params] = useSearchParams();
  const filters = readFilters(params);
  const filtered = Object.keys(filters).length > 0;
  const { newest, runs, hasMore, loadMore, loadingMore } = useGridRuns(pipeline, filters);
  const first = runs[0]?.run_id;
  const run = chosen === 'latest' ? first : (chosen ?? first);

  return (
    <div className={css.page} data-chosen={chosen !== undefined || undefined}>
      <Card title="Runs" aside={<Filters />} flush className={css.grid}>
        <Loaded query={newest} what="runs">
          {({ steps }) =>
            runs.length > 0 ? (
              <>
                <Grid
                  pipeline={pipeline}
                  steps={steps}
                  runs={runs}
                  chosen={run}
                  search={keptSearch(params)}
                  hasMore={hasMore}
                  loadMore={loadMore}
                  loadingMore={loadingMore}
                />
                <Legend />
              </>
            ) : (
              <NoRuns filtered={filtered} />
            )
          }
        </Loaded>
      </Card>
      {run !== undefined && <RunPanel key={run} pipeline={pipeline} run={run} />}
    </div>
  );
}

function NoRuns({ filtered }: { filtered: boolean }) {
  if (filtered) return <Empty title="No run is like that">Take a filter away to see more.</Empty>;
  return (
    <Empty title="No runs yet">
      The first starts by itself when a partition of the schedule is complete. The plan says what each waits for;
      “Trigger” does not wait.
    </Empty>
  );
}
