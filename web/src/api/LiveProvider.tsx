import { useQueryClient } from '@tanstack/react-query';
import { createContext, type ReactNode, useContext, useEffect, useState } from 'react';
import { type Connection, EventStream } from './eventStream';
import { nothingTouched, refresh, touch } from './invalidation';

const Context = createContext<Connection>('connecting');

/** Changes that come together are shown together; well below what a person notices. */
const gatherMs = 80;

export function LiveProvider({ children }: { children: ReactNode }) {
  const queries = useQueryClient();
  const [state, setState] = useState<Connection>('connecting');

  useEffect(() => {
    let touched = nothingTouched();
    let timer: ReturnType<typeof setTimeout> | undefined;
    const later = () => {
      timer ??= setTimeout(() => {
        timer = undefined;
        const now = touched;
        touched = nothingTouched();
        refresh(queries, now);
      }, gatherMs);
    };
    const stream = new EventStream({
      onState: setState,
      onMessage: (event, data) => {
        touch(touched, { event, data });
        later();
      },
      onGap: () => {
        touched.everything = true;
        later();
      },
    });
    return () => {
      clearTimeout(timer);
      stream.close();
    };
  }, [queries]);

  return <Context.Provider value={state}>{children}</Context.Provider>;
}

export const useConnection = (): Connection => useContext(Context);
