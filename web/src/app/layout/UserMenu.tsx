import { Menu, UnstyledButton, useMantineColorScheme } from '@mantine/core';
import { useNavigate } from 'react-router';
import { useSession, useSignOut } from '@/api/session';
import css from './UserMenu.module.css';

const schemes = [
  { value: 'auto', label: 'As the system' },
  { value: 'light', label: 'Light' },
  { value: 'dark', label: 'Dark' },
] as const;

export function UserMenu() {
  const session = useSession().data;
  const signOut = useSignOut();
  const navigate = useNavigate();
  const { colorScheme, setColorScheme } = useMantineColorScheme();
  if (!session) return null;
  const leave = () => signOut.mutate(undefined, { onSettled: () => void navigate('/sign-in') });
  return (
    <Menu position="top-start">
      <Menu.Target>
        <UnstyledButton className={css.user}>
          <span className={css.name}>{session.user}</span>
          <span className="dim">{session.role}</span>
        </UnstyledButton>
      </Menu.Target>
      <Menu.Dropdown>
        <Menu.Label>Colours</Menu.Label>
        {schemes.map(({ value, label }) => (
          <Menu.Item
            key={value}
            onClick={() => setColorScheme(value)}
            rightSection={colorScheme === value ? '✓' : undefined}
          >
            {label}
          </Menu.Item>
        ))}
        <Menu.Divider />
        <Menu.Item onClick={() => void navigate('/settings/account')}>Settings</Menu.Item>
        <Menu.Item onClick={leave}>Sign out</Menu.Item>
      </Menu.Dropdown>
    </Menu>
  );
}
