import { Button, Textarea } from '@mantine/core';
import { type FormEvent, useState } from 'react';
import { useAction } from '@/api/useAction';
import { Dialog } from '@/ui/Dialog';
import css from './ActionDialog.module.css';

/** A hold needs its reason; it can be undone, so nothing more is asked. */
export function HoldDialog({ pipeline, partition, close }: { pipeline: string; partition: string; close: () => void }) {
  const [reason, setReason] = useState('');
  const act = useAction();
  const submit = (event: FormEvent) => {
    event.preventDefault();
    act.mutate({ action: { type: 'hold', pipeline, partition, reason: reason.trim() } }, { onSuccess: close });
  };
  return (
    <Dialog title={`Hold ${partition}`} opened close={close} size="md">
      <form className={css.body} onSubmit={submit}>
        <p className="dim">It isn’t processed, whatever changes, until it is released.</p>
        <Textarea
          data-autofocus
          label="Reason"
          required
          autosize
          minRows={2}
          maxLength={1000}
          value={reason}
          onChange={(event) => setReason(event.currentTarget.value)}
        />
        <div className={css.foot}>
          <Button variant="default" size="sm" onClick={close}>
            Leave it
          </Button>
          <Button type="submit" size="sm" disabled={!reason.trim()} loading={act.isPending}>
            Hold
          </Button>
        </div>
      </form>
    </Dialog>
  );
}
