import { Navigate, Outlet, useLocation } from 'react-router';
import { asApiError } from '@/api/errors';
import { LiveProvider } from '@/api/LiveProvider';
import { useSession } from '@/api/session';
import { Failure, Loading } from '@/ui/Condition';

/** Everything but the sign-in page: only with a session, and with live changes. */
export function SignedIn() {
  const session = useSession();
  const { pathname, search } = useLocation();
  if (session.error && asApiError(session.error).unauthorized) {
    const to = pathname === '/' ? '' : `?to=${encodeURIComponent(pathname + search)}`;
    return <Navigate to={`/sign-in${to}`} replace />;
  }
  if (session.data) {
    return (
      <LiveProvider>
        <Outlet />
      </LiveProvider>
    );
  }
  if (session.error) return <Failure error={session.error} retry={() => void session.refetch()} />;
  return <Loading what="latecomer" />;
}
