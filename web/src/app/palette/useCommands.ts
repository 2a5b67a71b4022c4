import { useMantineColorScheme } from '@mantine/core';
import { useMemo } from 'react';
import { useMatch, useNavigate } from 'react-router';
import { usePipelines } from '@/api/pipelines';
import { useMay } from '@/api/session';
import { useAction } from '@/api/useAction';
import { useZone } from '@/lib/zone';
import type { Command } from './commands';

const pages = [
  ['Pipelines', '/pipelines'],
  ['Plan of all pipelines', '/plan'],
  ['Cascade of pipelines and tables', '/cascade'],
  ['Tables', '/tables'],
  ['Audit', '/audit'],
  ['Own password', '/settings/account'],
  ['Tokens', '/settings/tokens'],
] as const;

const views = ['partitions', 'versions', 'lateness', 'plan', 'graph', 'definition', 'events'] as const;

export function useCommands(): Command[] {
  const navigate = useNavigate();
  const pipelines = usePipelines().data?.items;
  const here = useMatch('/pipelines/:pipeline/*')?.params.pipeline;
  const operator = useMay('operator');
  const { mutate: act } = useAction();
  const { zone, setZone } = useZone();
  const { colorScheme, setColorScheme } = useMantineColorScheme();

  return useMemo(() => {
    const go = (to: string) => () => void navigate(to);
    const found: Command[] = [];
    const add = (label: string, hint: string, run: () => void) =>
      found.push({ id: `${hint}/${label}`, label, hint, run });

    if (here !== undefined) {
      const base = `/pipelines/${encodeURIComponent(here)}`;
      add('Newest run', here, go(`${base}/runs/latest`));
      for (const view of views) add(`${view[0]?.toUpperCase()}${view.slice(1)}`, here, go(`${base}/${view}`));
    }
    for (const pipeline of pipelines ?? [])
      add(pipeline.name, 'pipeline', go(`/pipelines/${encodeURIComponent(pipeline.id)}`));
    for (const [label, to] of pages) add(label, 'page', go(to));
    for (const pipeline of operator ? (pipelines ?? []) : []) {
      const type = pipeline.paused ? 'resume' : 'pause';
      add(`${pipeline.paused ? 'Resume' : 'Pause'} ${pipeline.name}`, 'action', () =>
        act({ action: { type, pipeline: pipeline.id } }),
      );
    }
    add(zone === 'utc' ? 'Times in local time' : 'Times in UTC', 'view', () =>
      setZone(zone === 'utc' ? 'local' : 'utc'),
    );
    const dark = colorScheme === 'dark';
    add(dark ? 'Light colours' : 'Dark colours', 'view', () => setColorScheme(dark ? 'light' : 'dark'));
    return found;
  }, [navigate, pipelines, here, operator, act, zone, setZone, colorScheme, setColorScheme]);
}
