import { Button, Textarea } from '@mantine/core';
import { type ReactNode, useState } from 'react';
import type { Action } from '@/api/actions';
import { idempotencyKey } from '@/api/client';
import { useAction } from '@/api/useAction';
import { Dialog } from '@/ui/Dialog';
import css from './ActionDialog.module.css';
import { Preview } from './Preview';
import { usePreview } from './usePreview';

interface ActionDialogProps {
  title: string;
  /** Null until the options make sense. */
  action: Action | null;
  confirm: string;
  danger?: boolean;
  close: () => void;
  /** The options. */
  children?: ReactNode;
}

/** Asks before it acts, with the list of what it will affect. */
export function ActionDialog({ title, action, confirm, danger, close, children }: ActionDialogProps) {
  const [note, setNote] = useState('');
  const [key] = useState(idempotencyKey);
  const preview = usePreview(action);
  const act = useAction();
  const nothing = preview.data?.total_runs === 0 && preview.data.partitions.length === 0;
  const run = () => {
    if (!action || !preview.data) return;
    const { fingerprint } = preview.data;
    const wish = {
      action,
      note,
      confirmed: fingerprint,
      key: `${key}-${hashOf(JSON.stringify([action, note, fingerprint]))}`,
    };
    // When something else would be affected by now, what is shown is asked for anew.
    act.mutate(wish, { onSuccess: close, onError: () => void preview.refetch() });
  };
  return (
    <Dialog title={title} opened close={close}>
      <div className={css.body}>
        {children}
        {action ? <Preview query={preview} /> : <p className="dim">Fill in the fields to see what it would affect.</p>}
        <Textarea
          label="Note"
          description="Is kept with the runs"
          autosize
          minRows={1}
          maxRows={4}
          maxLength={1000}
          value={note}
          onChange={(event) => setNote(event.currentTarget.value)}
        />
        <div className={css.foot}>
          <Button variant="default" size="sm" onClick={close}>
            Leave it
          </Button>
          <Button
            size="sm"
            {...(danger ? { color: 'red' } : {})}
            disabled={!preview.data || nothing}
            loading={act.isPending}
            onClick={run}
          >
            {confirm}
          </Button>
        </div>
      </div>
    </Dialog>
  );
}

/** Another body needs another key, and the same body the same one. */
function hashOf(text: string): string {
  let hash = 5381;
  for (let index = 0; index < text.length; index += 1) hash = (hash * 33 + text.charCodeAt(index)) >>> 0;
  return hash.toString(36);
}
