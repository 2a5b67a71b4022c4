import { Button, NativeSelect, TextInput } from '@mantine/core';
import { type FormEvent, useState } from 'react';
import { asApiError } from '@/api/errors';
import { useMay } from '@/api/session';
import type { Role } from '@/api/types';
import { useCreateToken, useDeleteToken, useTokens } from '@/api/users';
import { Card } from '@/ui/Card';
import { Empty, Loaded } from '@/ui/Condition';
import { CopyButton } from '@/ui/CopyButton';
import { Notice } from '@/ui/Notice';
import { TableView } from '@/ui/TableView';
import { Time } from '@/ui/Time';
import { ConfirmButton } from './ConfirmButton';
import css from './settings.module.css';

export function TokensPage() {
  const query = useTokens();
  const remove = useDeleteToken();
  return (
    <div className={css.cards}>
      <NewToken />
      <Card title="Your tokens" flush>
        <Loaded query={query} what="tokens">
          {({ items }) =>
            items.length === 0 ? (
              <Empty title="You have no tokens">A program gives one as “Authorization: Bearer …”.</Empty>
            ) : (
              <TableView
                label="Tokens"
                head={
                  <>
                    <th>Name</th>
                    <th>May act as</th>
                    <th>Made</th>
                    <th>Until</th>
                    <th>Last used</th>
                    <th>
                      <span className="visually-hidden">Delete</span>
                    </th>
                  </>
                }
              >
                {items.map((token) => (
                  <tr key={token.id}>
                    <td className="wrap">{token.name}</td>
                    <td>{token.scope}</td>
                    <td>
                      <Time at={token.created_at} />
                    </td>
                    <td>
                      <Time at={token.expires_at} />
                    </td>
                    <td>{token.last_used ? <Time at={token.last_used} /> : <span className="dim">never</span>}</td>
                    <td>
                      <ConfirmButton
                        label="Delete"
                        question={`Delete ${token.name}? What uses it is refused from then on.`}
                        run={() => remove.mutate(token.id)}
                      />
                    </td>
                  </tr>
                ))}
              </TableView>
            )
          }
        </Loaded>
      </Card>
    </div>
  );
}

function NewToken() {
  const [name, setName] = useState('');
  const [scope, setScope] = useState<Role>('viewer');
  const [days, setDays] = useState('90');
  const create = useCreateToken();
  const operator = useMay('operator');
  const admin = useMay('admin');
  const scopes = ['viewer', ...(operator ? ['operator'] : []), ...(admin ? ['admin'] : [])];
  const submit = (event: FormEvent) => {
    event.preventDefault();
    create.mutate({ name: name.trim(), scope, expires_in_days: Number(days) }, { onSuccess: () => setName('') });
  };
  return (
    <Card title="New token">
      <form className={css.inline} onSubmit={submit}>
        <TextInput
          label="Name"
          placeholder="What it is for"
          required
          maxLength={100}
          value={name}
          onChange={(event) => setName(event.currentTarget.value)}
        />
        <NativeSelect
          label="May act as"
          data={scopes}
          value={scope}
          onChange={(event) => setScope(event.currentTarget.value as Role)}
        />
        <NativeSelect
          label="Valid for"
          data={['7', '30', '90', '365'].map((value) => ({ value, label: `${value} days` }))}
          value={days}
          onChange={(event) => setDays(event.currentTarget.value)}
        />
        <Button type="submit" size="sm" loading={create.isPending} disabled={!name.trim()}>
          Make token
        </Button>
      </form>
      {create.error && <Notice kind="bad">{asApiError(create.error).message}</Notice>}
      {create.data && (
        <div className={css.secret}>
          <Notice kind="why">
            This is shown only now: <code>{create.data.token}</code>
          </Notice>
          <div>
            <CopyButton text={create.data.token} label="Copy the token" />
          </div>
        </div>
      )}
    </Card>
  );
}
