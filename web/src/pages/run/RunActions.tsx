import { Button, Menu } from '@mantine/core';
import { lazy, Suspense, useState } from 'react';
import { useMay } from '@/api/session';
import type { Run } from '@/api/types';
import { useAction } from '@/api/useAction';

const ClearDialog = lazy(async () => ({ default: (await import('@/actions/ClearDialog')).ClearDialog }));
const CancelDialog = lazy(async () => ({ default: (await import('@/actions/CancelDialog')).CancelDialog }));
const NoteDialog = lazy(async () => ({ default: (await import('@/actions/NoteDialog')).NoteDialog }));

/** What the state of the run, and the role of the viewer, allow. */
export function RunActions({ run }: { run: Run }) {
  const operator = useMay('operator');
  const [dialog, setDialog] = useState<'clear' | 'cancel' | 'note' | null>(null);
  const act = useAction();
  if (!operator) return null;
  const may = new Set<string>(run.actions);
  const mark = (state: 'success' | 'failed') =>
    act.mutate({ action: { type: 'mark', pipeline: run.pipeline, run: run.run_id, state } });
  const shared = { pipeline: run.pipeline, run: run.run_id, close: () => setDialog(null) };
  return (
    <>
      {may.has('clear') && (
        <Button variant="default" onClick={() => setDialog('clear')}>
          Clear…
        </Button>
      )}
      {may.has('cancel') && (
        <Button variant="default" color="red" onClick={() => setDialog('cancel')}>
          Cancel…
        </Button>
      )}
      {(may.has('mark_success') || may.has('mark_failed')) && (
        <Menu>
          <Menu.Target>
            <Button variant="default" loading={act.isPending}>
              Mark…
            </Button>
          </Menu.Target>
          <Menu.Dropdown>
            {may.has('mark_success') && (
              <Menu.Item onClick={() => mark('success')}>Mark success: it counts as processed</Menu.Item>
            )}
            {may.has('mark_failed') && (
              <Menu.Item onClick={() => mark('failed')}>Mark failed: it no longer counts</Menu.Item>
            )}
          </Menu.Dropdown>
        </Menu>
      )}
      <Button variant="default" onClick={() => setDialog('note')}>
        {run.note ? 'Edit note' : 'Add note'}
      </Button>
      <Suspense>
        {dialog === 'clear' && <ClearDialog {...shared} />}
        {dialog === 'cancel' && <CancelDialog {...shared} />}
        {dialog === 'note' && <NoteDialog {...shared} note={run.note} />}
      </Suspense>
    </>
  );
}
