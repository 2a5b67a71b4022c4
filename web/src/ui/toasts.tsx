import { createContext, type ReactNode, useCallback, useContext, useMemo, useRef, useState } from 'react';
import { Toasts } from './ToastList';

export interface Toast {
  kind: 'done' | 'error';
  text: string;
  detail?: string | undefined;
  action?: { label: string; run: () => void };
}

export interface ShownToast extends Toast {
  id: number;
}

interface Shower {
  show: (toast: Toast) => void;
}

const Context = createContext<Shower>({ show: () => {} });
const shownMs = 10_000;
const mostShown = 4;

export function ToastProvider({ children }: { children: ReactNode }) {
  const [shown, setShown] = useState<ShownToast[]>([]);
  const nextId = useRef(1);

  const close = useCallback((id: number) => setShown((old) => old.filter((toast) => toast.id !== id)), []);
  const show = useCallback(
    (toast: Toast) => {
      const id = nextId.current++;
      setShown((old) => [...old, { ...toast, id }].slice(-mostShown));
      // An error stays until it is read.
      if (toast.kind === 'done') setTimeout(() => close(id), shownMs);
    },
    [close],
  );
  const shower = useMemo(() => ({ show }), [show]);

  return (
    <Context.Provider value={shower}>
      {children}
      <Toasts shown={shown} close={close} />
    </Context.Provider>
  );
}

export const useToasts = (): Shower => useContext(Context);
