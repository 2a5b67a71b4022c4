import { Button, Menu } from '@mantine/core';
import { useSearchParams } from 'react-router';
import { lookOf } from '@/theme/states';
import css from './Filters.module.css';
import { kinds, runStates } from './filters';

export function Filters() {
  const [params, setParams] = useSearchParams();
  const set = (name: string, value: string) => {
    const next = new URLSearchParams(params);
    if (value) next.set(name, value);
    else next.delete(name);
    setParams(next, { replace: true });
  };
  const clear = () => {
    const next = new URLSearchParams(params);
    for (const name of ['kind', 'state', 'from', 'to']) next.delete(name);
    setParams(next, { replace: true });
  };
  const any = ['kind', 'state', 'from', 'to'].some((name) => params.has(name));
  return (
    <>
      <Choice label="Kind" values={kinds} chosen={params.get('kind')} set={(value) => set('kind', value)} />
      <Choice label="State" values={runStates} chosen={params.get('state')} set={(value) => set('state', value)} />
      <Day label="From day" value={params.get('from')} set={(value) => set('from', value)} />
      <Day label="To day" value={params.get('to')} set={(value) => set('to', value)} />
      {any && (
        <Button variant="subtle" size="compact-xs" onClick={clear}>
          Clear filters
        </Button>
      )}
    </>
  );
}

interface ChoiceProps {
  label: string;
  values: readonly string[];
  chosen: string | null;
  set: (value: string) => void;
}

function Choice({ label, values, chosen, set }: ChoiceProps) {
  const on = new Set((chosen ?? '').split(',').filter(Boolean));
  const toggle = (value: string) => {
    if (on.has(value)) on.delete(value);
    else on.add(value);
    set([...on].join(','));
  };
  return (
    <Menu closeOnItemClick={false} position="bottom-start">
      <Menu.Target>
        <Button variant={on.size > 0 ? 'light' : 'default'} size="compact-xs">
          {on.size > 0 ? `${label}: ${[...on].join(', ')}` : label}
        </Button>
      </Menu.Target>
      <Menu.Dropdown>
        {values.map((value) => (
          <Menu.CheckboxItem key={value} checked={on.has(value)} onChange={() => toggle(value)}>
            {lookOf(value).label}
          </Menu.CheckboxItem>
        ))}
      </Menu.Dropdown>
    </Menu>
  );
}

function Day({ label, value, set }: { label: string; value: string | null; set: (value: string) => void }) {
  return (
    <input
      type="date"
      aria-label={label}
      title={`${label} (when runs were created, UTC)`}
      className={css.day}
      value={value ?? ''}
      onChange={(event) => set(event.currentTarget.value)}
    />
  );
}
