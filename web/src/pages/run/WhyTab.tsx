import { Link } from 'react-router';
import { useWhy } from '@/api/runs';
import type { PlanEntry, Run, Why } from '@/api/types';
import { formatVersions, shortPartition } from '@/lib/format';
import { partitionPath, runPath } from '@/lib/paths';
import { ChangeTable } from '@/ui/ChangeTable';
import { Loaded } from '@/ui/Condition';
import { EventList } from '@/ui/EventList';
import { Section } from '@/ui/Section';
import { StateBadge } from '@/ui/StateBadge';
import { Time } from '@/ui/Time';

/** Why the run exists: the commits, what was known before them, what the planner says now. */
export function WhyTab({ run }: { run: Run }) {
  const query = useWhy(run.pipeline, run.run_id);
  return (
    <Loaded query={query} what="the reasons">
      {(why) => (
        <>
          <Section title="The reason">
            <p className="wrap">{why.sentence}</p>
          </Section>
          <Section title={why.changes.length > 0 ? 'The commits it is for' : 'No commit made it necessary'}>
            {why.changes.length > 0 ? (
              <ChangeTable label="Commits it is for" changes={why.changes} covered />
            ) : (
              <p className="dim">It was asked for by the schedule or by a person.</p>
            )}
          </Section>
          <Now why={why} run={run} />
          <Section title="What happened">
            <EventList events={why.events} label="Events of the run" />
          </Section>
        </>
      )}
    </Loaded>
  );
}

function Now({ why, run }: { why: Why; run: Run }) {
  return (
    <Section title="The partition now">
      <p className="wrap">
        <Link to={partitionPath(run.pipeline, run.partition_key)}>{shortPartition(run.partition)}</Link>{' '}
        {why.processed ? (
          <>
            was last built from <code>{formatVersions(why.processed.versions)}</code> by{' '}
            <Link to={runPath(run.pipeline, why.processed.run_id)}>{why.processed.run_id}</Link>,{' '}
            <Time at={why.processed.at} />.
          </>
        ) : (
          'has not been processed.'
        )}
      </p>
      {why.plan && <PlanNow plan={why.plan} />}
    </Section>
  );
}

function PlanNow({ plan }: { plan: PlanEntry }) {
  return (
    <p className="wrap">
      The planner says: <StateBadge state={plan.decision} /> {plan.reason}
      {plan.rule && (
        <span className="dim">
          {' '}
          (rule <code>{plan.rule}</code>)
        </span>
      )}
    </p>
  );
}
