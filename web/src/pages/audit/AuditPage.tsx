import { TextInput } from '@mantine/core';
import { useSearchParams } from 'react-router';
import { useAudit } from '@/api/audit';
import { usePageTitle } from '@/app/usePageTitle';
import { Card } from '@/ui/Card';
import { Empty, Loaded } from '@/ui/Condition';
import { LoadMore } from '@/ui/LoadMore';
import { PageHead } from '@/ui/Page';
import css from './AuditPage.module.css';
import { AuditTable } from './AuditTable';

const fields = ['user', 'action', 'pipeline', 'run'] as const;

export function AuditPage() {
  usePageTitle('Audit');
  const [params, setParams] = useSearchParams();
  const filter = Object.fromEntries(fields.flatMap((name) => (params.get(name) ? [[name, params.get(name)]] : [])));
  const query = useAudit(filter);
  const set = (name: string, value: string) => {
    const next = new URLSearchParams(params);
    if (value) next.set(name, value);
    else next.delete(name);
    setParams(next, { replace: true });
  };
  return (
    <>
      <PageHead title="Audit" />
      <Card
        title="Every action, and every sign-in"
        flush
        aside={
          <div className={css.fields}>
            {fields.map((name) => (
              <TextInput
                key={name}
                size="xs"
                aria-label={`Only this ${name}`}
                placeholder={name}
                value={params.get(name) ?? ''}
                onChange={(event) => set(name, event.currentTarget.value)}
              />
            ))}
          </div>
        }
      >
        <Loaded query={query} what="the audit log">
          {({ pages }) => {
            const entries = pages.flatMap((page) => page.items);
            return entries.length > 0 ? (
              <AuditTable entries={entries} />
            ) : (
              <Empty title="Nothing like that has been done" />
            );
          }}
        </Loaded>
        <LoadMore query={query} />
      </Card>
    </>
  );
}
