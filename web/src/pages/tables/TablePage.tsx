import { Link, useParams } from 'react-router';
import { useCommits, useTable } from '@/api/tables';
import type { Commit, TableDetail } from '@/api/types';
import { usePageTitle } from '@/app/usePageTitle';
import { formatBytes, formatInteger, formatRows, plural } from '@/lib/format';
import { Card } from '@/ui/Card';
import { Empty, Loaded } from '@/ui/Condition';
import { Facts } from '@/ui/Facts';
import { LoadMore } from '@/ui/LoadMore';
import { PageHead } from '@/ui/Page';
import { TableView } from '@/ui/TableView';
import { Time } from '@/ui/Time';
import { PipelineLinks } from './PipelineLinks';
import css from './TablePage.module.css';

export function TablePage() {
  const id = useParams().table ?? '';
  const query = useTable(id);
  usePageTitle(query.data?.name, 'Tables');
  return (
    <Loaded query={query} what="the table">
      {(table) => (
        <>
          <PageHead crumb={<Link to="/tables">Tables</Link>} title={table.name} />
          <Facts
            facts={[
              { label: 'Location', value: table.location, mono: true },
              { label: 'Version', value: table.version ?? '–' },
              {
                label: 'Partition columns',
                value: table.partition_columns.map(({ name, type }) => `${name} ${type}`).join(', ') || 'none',
              },
              { label: 'Read by', value: <PipelineLinks ids={table.read_by} /> },
              { label: 'Written by', value: <PipelineLinks ids={table.written_by} /> },
              { label: 'Looked at', value: <Time at={table.observed_at} /> },
            ]}
          />
          <div className={css.parts}>
            <Commits id={id} />
            <Partitions table={table} />
          </div>
        </>
      )}
    </Loaded>
  );
}

function Commits({ id }: { id: string }) {
  const query = useCommits(id);
  return (
    <Card title="Commits" flush>
      <Loaded query={query} what="commits">
        {({ pages }) => {
          const commits = pages.flatMap((page) => page.items);
          if (commits.length === 0) return <Empty title="No commit has been read yet" />;
          return (
            <TableView
              label="Commits"
              head={
                <>
                  <th className="num">Version</th>
                  <th>Committed</th>
                  <th>Operation</th>
                  <th>What it changed</th>
                </>
              }
            >
              {commits.map((commit) => (
                <tr key={commit.version}>
                  <td className="num">{commit.version}</td>
                  <td>
                    <Time at={commit.timestamp} />
                    {commit.time_source === 'file' && <div className="dim">time of the file</div>}
                  </td>
                  <td className="wrap">{commit.operation}</td>
                  <td className="wrap">
                    <Changes commit={commit} />
                  </td>
                </tr>
              ))}
            </TableView>
          );
        }}
      </Loaded>
      <LoadMore query={query} />
    </Card>
  );
}

const shownAtOnce = 5;
const keyText = (values: Record<string, string | null>): string =>
  Object.entries(values)
    .map(([column, value]) => `${column}=${value ?? 'null'}`)
    .join('/') || 'the whole table';

function Changes({ commit: { changes } }: { commit: Commit }) {
  if (changes.length === 0) return <span className="dim">no data</span>;
  return (
    <>
      {changes.slice(0, shownAtOnce).map((change) => (
        <div key={keyText(change.partition)}>
          {keyText(change.partition)}{' '}
          <span className="dim">
            {formatRows(change.rows_added, change.rows_removed)} rows {change.note}
          </span>
        </div>
      ))}
      {changes.length > shownAtOnce && (
        <div className="dim">and {plural(changes.length - shownAtOnce, 'more partition')}</div>
      )}
    </>
  );
}

function Partitions({ table: { partition_list } }: { table: TableDetail }) {
  return (
    <Card title="Partitions" flush>
      {partition_list.length === 0 ? (
        <Empty title="No partition has files" />
      ) : (
        <TableView
          label="Partitions of the table"
          head={
            <>
              <th>Partition</th>
              <th className="num">Files</th>
              <th className="num">Rows</th>
              <th className="num">Size</th>
              <th className="num">Changed at</th>
            </>
          }
        >
          {partition_list.map((partition) => (
            <tr key={partition.key}>
              <td className="wrap">{partition.key}</td>
              <td className="num">{formatInteger(partition.files)}</td>
              <td className="num">{formatInteger(partition.rows)}</td>
              <td className="num nowrap">{formatBytes(partition.bytes)}</td>
              <td className="num">{partition.last_changed}</td>
            </tr>
          ))}
        </TableView>
      )}
    </Card>
  );
}
