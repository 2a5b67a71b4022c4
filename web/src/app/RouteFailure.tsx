import { Button } from '@mantine/core';
import { isRouteErrorResponse, Link, useRouteError } from 'react-router';
import { Empty } from '@/ui/Condition';

export function NotFound() {
  return (
    <Empty title="There is no such page" action={<Link to="/pipelines">To the pipelines</Link>}>
      The address may be of something that is gone.
    </Empty>
  );
}

/** A page that failed while it was drawn, or whose file couldn't be loaded (another version of the server runs now). */
export function RouteFailure() {
  const error = useRouteError();
  if (isRouteErrorResponse(error) && error.status === 404) return <NotFound />;
  const message = error instanceof Error ? error.message : String(error);
  const outdated = /dynamically imported module|Importing a module|Failed to fetch/.test(message);
  return (
    <Empty
      title={outdated ? 'This page could not be loaded' : 'This page failed'}
      action={
        <Button variant="default" onClick={() => window.location.reload()}>
          Load again
        </Button>
      }
    >
      {outdated ? 'The server is away, or a newer version of it runs now.' : message}
    </Empty>
  );
}
