import { Button, PasswordInput } from '@mantine/core';
import { type FormEvent, useState } from 'react';
import { asApiError } from '@/api/errors';
import { useSession } from '@/api/session';
import { useChangePassword } from '@/api/users';
import { Card } from '@/ui/Card';
import { Notice } from '@/ui/Notice';
import { useToasts } from '@/ui/toasts';
import css from './settings.module.css';

const shortest = 8;

export function AccountPage() {
  const user = useSession().data?.user;
  const [current, setCurrent] = useState('');
  const [next, setNext] = useState('');
  const [again, setAgain] = useState('');
  const change = useChangePassword();
  const toasts = useToasts();
  const tooShort = next !== '' && next.length < shortest;
  const differs = again !== '' && again !== next;
  const submit = (event: FormEvent) => {
    event.preventDefault();
    change.mutate(
      { current_password: current, new_password: next },
      {
        onSuccess: () => {
          for (const set of [setCurrent, setNext, setAgain]) set('');
          toasts.show({ kind: 'done', text: 'Password changed', detail: 'Your other sessions have ended.' });
        },
      },
    );
  };
  return (
    <Card title={`Password of ${user ?? ''}`}>
      <form className={css.form} onSubmit={submit}>
        <PasswordInput
          label="Present password"
          autoComplete="current-password"
          required
          value={current}
          onChange={(event) => setCurrent(event.currentTarget.value)}
        />
        <PasswordInput
          label="New password"
          autoComplete="new-password"
          required
          description={`At least ${shortest} characters`}
          error={tooShort && `At least ${shortest} characters`}
          value={next}
          onChange={(event) => setNext(event.currentTarget.value)}
        />
        <PasswordInput
          label="New password again"
          autoComplete="new-password"
          required
          error={differs && 'Not the same'}
          value={again}
          onChange={(event) => setAgain(event.currentTarget.value)}
        />
        {change.error && <Notice kind="bad">{asApiError(change.error).message}</Notice>}
        <div>
          <Button
            type="submit"
            size="sm"
            loading={change.isPending}
            disabled={!current || next.length < shortest || next !== again}
          >
            Change password
          </Button>
        </div>
      </form>
    </Card>
  );
}
