import { usePipeline } from '@/api/pipelines';
import type { Pipeline } from '@/api/types';
import { Card } from '@/ui/Card';
import { Loaded } from '@/ui/Condition';
import { type Fact, Facts } from '@/ui/Facts';
import { Notice } from '@/ui/Notice';
import { Time } from '@/ui/Time';
import { Definition } from './Definition';
import css from './DefinitionPage.module.css';
import { usePipelineId } from './usePipelineId';

export function DefinitionPage() {
  const query = usePipeline(usePipelineId());
  return (
    <Loaded query={query} what="the definition">
      {(pipeline) => (
        <div className={css.page}>
          <Card
            title={pipeline.file.split('/').pop() ?? 'Pipeline file'}
            aside={
              <>
                read <Time at={pipeline.updated} />{' '}
                <code title="Hash of the definition">{pipeline.definition_hash.slice(0, 12)}</code>
              </>
            }
          >
            {pipeline.warnings.map((warning) => (
              <Notice kind="why" key={`${warning.line}${warning.message}`}>
                Line {warning.line}: {warning.message}
              </Notice>
            ))}
            <Definition text={pipeline.definition} marked={new Set(pipeline.warnings.map((warning) => warning.line))} />
          </Card>
          <Meaning pipeline={pipeline} />
        </div>
      )}
    </Loaded>
  );
}

/** What the file means, defaults filled in. */
function Meaning({ pipeline: { output, schedule, late_data, sources } }: { pipeline: Pipeline }) {
  return (
    <div className={css.meaning}>
      <Card title="Sources">
        {sources.map((source) => (
          <div key={source.name} className={css.source}>
            <h3>{source.name}</h3>
            <Facts
              facts={[
                { label: 'Table', value: source.location, mono: true },
                { label: 'Partition', value: source.partition.join(', ') || 'none' },
                { label: 'Cadence', value: `${source.cadence}, ${source.time_zone}` },
                { label: 'Mapping', value: source.mapping },
              ]}
            />
          </div>
        ))}
      </Card>
      <Card title="Output">
        <Facts
          facts={[
            { label: 'Partition', value: output.columns.join(', ') },
            { label: 'Cadence', value: `${output.cadence}, ${output.time_zone}` },
          ]}
        />
      </Card>
      <Card title="Schedule">
        <Facts facts={factsOf(schedule)} />
      </Card>
      <Card title="Late data">
        <Facts facts={factsOf(late_data)} />
      </Card>
    </div>
  );
}

const textOf = (value: unknown): string =>
  value === null || value === undefined ? 'not set' : typeof value === 'object' ? JSON.stringify(value) : String(value);

const factsOf = (values: Record<string, unknown>): Fact[] =>
  Object.entries(values).map(([name, value]) => ({ label: name, value: textOf(value) }));
