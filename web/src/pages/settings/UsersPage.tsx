import { Button, NativeSelect, PasswordInput, TextInput } from '@mantine/core';
import { type FormEvent, useState } from 'react';
import { asApiError } from '@/api/errors';
import { useSession } from '@/api/session';
import type { Role, User } from '@/api/types';
import { useChangeUser, useCreateUser, useDeleteUser, useUsers } from '@/api/users';
import { Card } from '@/ui/Card';
import { Loaded } from '@/ui/Condition';
import { Notice } from '@/ui/Notice';
import { TableView } from '@/ui/TableView';
import { Time } from '@/ui/Time';
import { ConfirmButton } from './ConfirmButton';
import css from './settings.module.css';

const roles: Role[] = ['viewer', 'operator', 'admin'];

export function UsersPage() {
  const query = useUsers();
  const change = useChangeUser();
  const remove = useDeleteUser();
  const failure = change.error ?? remove.error;
  return (
    <div className={css.cards}>
      <NewUser />
      {failure && <Notice kind="bad">{asApiError(failure).message}</Notice>}
      <Card title="Users" flush>
        <Loaded query={query} what="users">
          {({ items }) => (
            <TableView
              label="Users"
              head={
                <>
                  <th>Name</th>
                  <th>Role</th>
                  <th>Made</th>
                  <th>Last sign-in</th>
                  <th>
                    <span className="visually-hidden">Delete</span>
                  </th>
                </>
              }
            >
              {items.map((user) => (
                <UserLine
                  key={user.name}
                  user={user}
                  setRole={(role) => change.mutate({ user: user.name, role })}
                  remove={() => remove.mutate(user.name)}
                />
              ))}
            </TableView>
          )}
        </Loaded>
      </Card>
    </div>
  );
}

function UserLine({ user, setRole, remove }: { user: User; setRole: (role: Role) => void; remove: () => void }) {
  const own = useSession().data?.user === user.name;
  return (
    <tr>
      <td className="wrap">
        {user.name} {own && <span className="dim">(you)</span>}
      </td>
      <td>
        <NativeSelect
          size="xs"
          aria-label={`Role of ${user.name}`}
          miw={110}
          data={roles}
          value={user.role}
          onChange={(event) => setRole(event.currentTarget.value as Role)}
        />
      </td>
      <td>
        <Time at={user.created_at} />
      </td>
      <td>{user.last_sign_in ? <Time at={user.last_sign_in} /> : <span className="dim">never</span>}</td>
      <td>
        {!own && (
          <ConfirmButton label="Delete" question={`Delete ${user.name}, with all sessions and tokens?`} run={remove} />
        )}
      </td>
    </tr>
  );
}

function NewUser() {
  const [name, setName] = useState('');
  const [password, setPassword] = useState('');
  const [role, setRole] = useState<Role>('viewer');
  const create = useCreateUser();
  const submit = (event: FormEvent) => {
    event.preventDefault();
    create.mutate(
      { name, password, role },
      {
        onSuccess: () => {
          setName('');
          setPassword('');
        },
      },
    );
  };
  return (
    <Card title="New user">
      <form className={css.inline} onSubmit={submit}>
        <TextInput
          label="Name"
          required
          pattern="[A-Za-z0-9_.@\-]{1,100}"
          value={name}
          onChange={(event) => setName(event.currentTarget.value)}
        />
        <PasswordInput
          label="Password"
          autoComplete="new-password"
          required
          minLength={8}
          w={200}
          value={password}
          onChange={(event) => setPassword(event.currentTarget.value)}
        />
        <NativeSelect
          label="Role"
          data={roles}
          value={role}
          onChange={(event) => setRole(event.currentTarget.value as Role)}
        />
        <Button type="submit" size="sm" loading={create.isPending}>
          Add user
        </Button>
      </form>
      {create.error && <Notice kind="bad">{asApiError(create.error).message}</Notice>}
    </Card>
  );
}
