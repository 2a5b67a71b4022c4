import type { Run } from '@/api/types';
import { Empty } from '@/ui/Condition';
import { TableView } from '@/ui/TableView';
import { StepLine } from './StepLine';
import { TryChoice } from './TryChoice';
import { useTry } from './useTry';

export function StepsTab({ run }: { run: Run }) {
  const { chosen, choose } = useTry(run);
  if (!chosen) {
    return <Empty title="It has not started">{run.waiting_for && <>It waits for {run.waiting_for}.</>}</Empty>;
  }
  const newest = chosen.number === run.tries.at(-1)?.number;
  return (
    <>
      <TryChoice tries={run.tries} chosen={chosen.number} choose={choose} />
      {chosen.message && !newest && <p style={{ padding: '8px 16px 0' }}>{chosen.message}</p>}
      <TableView
        label="Steps"
        head={
          <>
            <th>Step</th>
            <th>State</th>
            <th>Started</th>
            <th>Took</th>
            <th className="num">Attempts</th>
            <th>Result</th>
            <th>
              <span className="visually-hidden">Actions</span>
            </th>
          </>
        }
      >
        {chosen.steps.map((step) => (
          <StepLine
            key={`${step.step}/${step.map_index}`}
            run={run}
            step={step}
            tryNumber={chosen.number}
            newest={newest}
          />
        ))}
      </TableView>
    </>
  );
}
