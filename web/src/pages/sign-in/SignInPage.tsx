import { Button, PasswordInput, TextInput } from '@mantine/core';
import { type FormEvent, useState } from 'react';
import { Navigate, useSearchParams } from 'react-router';
import { asApiError } from '@/api/errors';
import { useServer, useSession, useSignIn } from '@/api/session';
import { Brand } from '@/app/layout/Brand';
import { usePageTitle } from '@/app/usePageTitle';
import { Notice } from '@/ui/Notice';
import css from './SignInPage.module.css';

/** Only a path of this app, so that a link can't lead elsewhere after the sign-in. */
export const safeTarget = (to: string | null): string => (to && /^\/(?![/\\])/.test(to) ? to : '/pipelines');

export function SignInPage() {
  usePageTitle('Sign in');
  const [query] = useSearchParams();
  const session = useSession();
  const server = useServer().data;
  if (session.data) return <Navigate to={safeTarget(query.get('to'))} replace />;
  return (
    <main className={css.page}>
      <div className={css.box}>
        <Brand />
        <h1>Sign in</h1>
        {server?.setup_needed && (
          <Notice kind="info">
            There is no user yet. Make one where the server runs: <code>latecomer users add</code>
          </Notice>
        )}
        <SignInForm />
        {server?.demo && (
          <p className="dim">
            A demonstration: the user is <code>dedp</code>, the password <code>dedp</code>.
          </p>
        )}
      </div>
    </main>
  );
}

function SignInForm() {
  const [name, setName] = useState('');
  const [password, setPassword] = useState('');
  const signIn = useSignIn();
  const submit = (event: FormEvent) => {
    event.preventDefault();
    signIn.mutate({ name, password });
  };
  return (
    <form onSubmit={submit} className={css.form}>
      <TextInput
        label="Name"
        autoComplete="username"
        required
        size="sm"
        value={name}
        onChange={(event) => setName(event.currentTarget.value)}
      />
      <PasswordInput
        label="Password"
        autoComplete="current-password"
        required
        size="sm"
        value={password}
        onChange={(event) => setPassword(event.currentTarget.value)}
      />
      {signIn.error && <Notice kind="bad">{refusal(signIn.error)}</Notice>}
      <Button type="submit" size="sm" loading={signIn.isPending}>
        Sign in
      </Button>
    </form>
  );
}

function refusal(error: unknown): string {
  const known = asApiError(error);
  if (known.status === 401) return 'Name or password is wrong.';
  if (known.status === 429) {
    const wait = known.retryAfterSeconds;
    return `Too many attempts. ${wait ? `Try again in ${wait} s.` : 'Try again later.'}`;
  }
  return known.message;
}
