import { TextInput } from '@mantine/core';
import { useSearchParams } from 'react-router';
import { usePipelines } from '@/api/pipelines';
import type { FileError } from '@/api/types';
import { usePageTitle } from '@/app/usePageTitle';
import { Empty, Loaded } from '@/ui/Condition';
import { Notice } from '@/ui/Notice';
import { PageHead } from '@/ui/Page';
import { filterPipelines } from './filterPipelines';
import { PipelineRow } from './PipelineRow';
import css from './PipelinesPage.module.css';

export function PipelinesPage() {
  usePageTitle('Pipelines');
  const query = usePipelines();
  const [params, setParams] = useSearchParams();
  const search = params.get('search') ?? '';
  const setSearch = (text: string) => setParams(text ? { search: text } : {}, { replace: true });

  return (
    <>
      <PageHead
        title="Pipelines"
        actions={
          <TextInput
            type="search"
            aria-label="Search pipelines"
            placeholder="Search"
            value={search}
            onChange={(event) => setSearch(event.currentTarget.value)}
          />
        }
      />
      <Loaded query={query} what="pipelines">
        {({ items, file_errors }) => {
          const shown = filterPipelines(items, search);
          return (
            <>
              <FileErrors errors={file_errors} />
              {items.length === 0 && file_errors.length === 0 && (
                <Empty title="No pipelines yet">
                  Put a pipeline file into the folder that the server was given with <code>--pipelines</code>; it is
                  read by itself.
                </Empty>
              )}
              {items.length > 0 && shown.length === 0 && <Empty title={`No pipeline is called “${search}”`} />}
              {shown.length > 0 && (
                <ul className={css.list}>
                  {shown.map((pipeline) => (
                    <PipelineRow key={pipeline.id} pipeline={pipeline} />
                  ))}
                </ul>
              )}
            </>
          );
        }}
      </Loaded>
    </>
  );
}

function FileErrors({ errors }: { errors: FileError[] }) {
  return (
    <div className={css.errors}>
      {errors.map((error) => (
        <Notice kind="bad" key={error.file}>
          <strong>
            {error.file}
            {error.line != null && `:${error.line}`}
          </strong>{' '}
          {error.message} <span className="dim">{error.hint}</span>
        </Notice>
      ))}
    </div>
  );
}
