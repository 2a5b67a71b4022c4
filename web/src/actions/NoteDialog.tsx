import { Button, Textarea } from '@mantine/core';
import { type FormEvent, useState } from 'react';
import { useAction } from '@/api/useAction';
import { Dialog } from '@/ui/Dialog';
import css from './ActionDialog.module.css';

interface NoteDialogProps {
  pipeline: string;
  run: string;
  note: string;
  close: () => void;
}

export function NoteDialog({ pipeline, run, note, close }: NoteDialogProps) {
  const [text, setText] = useState(note);
  const act = useAction();
  const submit = (event: FormEvent) => {
    event.preventDefault();
    act.mutate({ action: { type: 'note', pipeline, run, note: text } }, { onSuccess: close });
  };
  return (
    <Dialog title={`Note of ${run}`} opened close={close} size="md">
      <form className={css.body} onSubmit={submit}>
        <Textarea
          data-autofocus
          label="Note"
          autosize
          minRows={3}
          maxLength={1000}
          value={text}
          onChange={(event) => setText(event.currentTarget.value)}
        />
        <div className={css.foot}>
          <Button variant="default" size="sm" onClick={close}>
            Leave it
          </Button>
          <Button type="submit" size="sm" loading={act.isPending}>
            Save
          </Button>
        </div>
      </form>
    </Dialog>
  );
}
