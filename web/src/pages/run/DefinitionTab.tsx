import { usePipeline } from '@/api/pipelines';
import type { Run } from '@/api/types';
import { Definition } from '@/pages/pipeline/Definition';
import { Loaded } from '@/ui/Condition';
import { Notice } from '@/ui/Notice';

/** The definition, and whether the run had another one. */
export function DefinitionTab({ run }: { run: Run }) {
  const query = usePipeline(run.pipeline);
  const hash = run.tries.at(-1)?.definition_hash;
  return (
    <Loaded query={query} what="the definition">
      {(pipeline) => (
        <div style={{ padding: 16 }}>
          {hash !== undefined && hash !== pipeline.definition_hash && (
            <Notice kind="info">
              The newest try ran with an older definition (<code>{hash.slice(0, 12)}</code>); below is the present one (
              <code>{pipeline.definition_hash.slice(0, 12)}</code>).
            </Notice>
          )}
          <Definition text={pipeline.definition} />
        </div>
      )}
    </Loaded>
  );
}
