import { Button } from '@mantine/core';
import { useState } from 'react';
import { Dialog } from '@/ui/Dialog';
import css from './settings.module.css';

/** A button that asks before it does what can't be undone. */
export function ConfirmButton({ label, question, run }: { label: string; question: string; run: () => void }) {
  const [asked, setAsked] = useState(false);
  return (
    <>
      <Button variant="default" size="compact-xs" color="red" onClick={() => setAsked(true)}>
        {label}
      </Button>
      <Dialog title={label} opened={asked} close={() => setAsked(false)} size="md">
        <p className="wrap">{question}</p>
        <div className={css.inline} style={{ justifyContent: 'flex-end', marginTop: 16 }}>
          <Button variant="default" size="sm" onClick={() => setAsked(false)}>
            Leave it
          </Button>
          <Button
            color="red"
            size="sm"
            onClick={() => {
              setAsked(false);
              run();
            }}
          >
            {label}
          </Button>
        </div>
      </Dialog>
    </>
  );
}
