import { Button, CloseButton } from '@mantine/core';
import css from './ToastList.module.css';
import type { ShownToast } from './toasts';

export function Toasts({ shown, close }: { shown: ShownToast[]; close: (id: number) => void }) {
  return (
    <section className={css.list} aria-live="polite" aria-label="Messages">
      {shown.map((toast) => (
        <div key={toast.id} className={css.toast} data-kind={toast.kind}>
          <div className={css.text}>
            <strong className="wrap">{toast.text}</strong>
            {toast.detail && <span className="dim wrap">{toast.detail}</span>}
          </div>
          {toast.action && (
            <Button
              variant="light"
              onClick={() => {
                close(toast.id);
                toast.action?.run();
              }}
            >
              {toast.action.label}
            </Button>
          )}
          <CloseButton aria-label="Close message" onClick={() => close(toast.id)} />
        </div>
      ))}
    </section>
  );
}
