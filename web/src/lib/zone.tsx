import { createContext, type ReactNode, useCallback, useContext, useMemo, useState } from 'react';

export type Zone = 'local' | 'utc';

interface ZoneChoice {
  zone: Zone;
  setZone: (zone: Zone) => void;
}

const storageKey = 'latecomer.zone';
const Context = createContext<ZoneChoice>({ zone: 'utc', setZone: () => {} });

function stored(): Zone {
  try {
    return localStorage.getItem(storageKey) === 'local' ? 'local' : 'utc';
  } catch {
    return 'utc';
  }
}

export function ZoneProvider({ children }: { children: ReactNode }) {
  const [zone, set] = useState<Zone>(stored);
  const setZone = useCallback((next: Zone) => {
    set(next);
    try {
      localStorage.setItem(storageKey, next);
    } catch {
      // It holds until the page is left.
    }
  }, []);
  const value = useMemo(() => ({ zone, setZone }), [zone, setZone]);
  return <Context.Provider value={value}>{children}</Context.Provider>;
}

export const useZone = (): ZoneChoice => useContext(Context);
