import { Link } from 'react-router';
import { useTables } from '@/api/tables';
import { usePageTitle } from '@/app/usePageTitle';
import { formatInteger } from '@/lib/format';
import { tablePath } from '@/lib/paths';
import { Card } from '@/ui/Card';
import { Empty, Loaded } from '@/ui/Condition';
import { PageHead } from '@/ui/Page';
import { TableView } from '@/ui/TableView';
import { Time } from '@/ui/Time';
import { PipelineLinks } from './PipelineLinks';

export function TablesPage() {
  usePageTitle('Tables');
  const query = useTables();
  return (
    <>
      <PageHead title="Tables" />
      <Card flush>
        <Loaded query={query} what="tables">
          {({ items }) =>
            items.length === 0 ? (
              <Empty title="No tables yet">Those that pipelines read and write stand here.</Empty>
            ) : (
              <TableView
                label="Tables"
                head={
                  <>
                    <th>Table</th>
                    <th className="num">Version</th>
                    <th>Partition columns</th>
                    <th className="num">Partitions</th>
                    <th>Read by</th>
                    <th>Written by</th>
                    <th>Looked at</th>
                  </>
                }
              >
                {items.map((table) => (
                  <tr key={table.id}>
                    <td className="wrap">
                      <Link to={tablePath(table.id)}>{table.name}</Link>
                      <div className="dim mono">{table.location}</div>
                    </td>
                    <td className="num">{table.version ?? '–'}</td>
                    <td className="wrap">
                      {table.partition_columns.map(({ name, type }) => `${name} ${type}`).join(', ') || (
                        <span className="dim">none</span>
                      )}
                    </td>
                    <td className="num">{table.partitions == null ? '–' : formatInteger(table.partitions)}</td>
                    <td className="wrap">
                      <PipelineLinks ids={table.read_by} />
                    </td>
                    <td className="wrap">
                      <PipelineLinks ids={table.written_by} />
                    </td>
                    <td>
                      <Time at={table.observed_at} />
                    </td>
                  </tr>
                ))}
              </TableView>
            )
          }
        </Loaded>
      </Card>
    </>
  );
}
