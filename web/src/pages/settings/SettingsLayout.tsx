import { Outlet } from 'react-router';
import { useMay } from '@/api/session';
import { usePageTitle } from '@/app/usePageTitle';
import { PageHead } from '@/ui/Page';
import { TabLinks } from '@/ui/TabLinks';
import css from './settings.module.css';

export function SettingsLayout() {
  usePageTitle('Settings');
  const admin = useMay('admin');
  return (
    <>
      <PageHead title="Settings" />
      <div className={css.tabs}>
        <TabLinks
          label="Settings"
          tabs={[
            { to: '/settings/account', label: 'Own password' },
            { to: '/settings/tokens', label: 'Tokens' },
            ...(admin ? [{ to: '/settings/users', label: 'Users' }] : []),
          ]}
        />
      </div>
      <Outlet />
    </>
  );
}
