import { useEffect, useState } from 'react';

/** True once `value` was true for `ms`; false at once. */
export function useDelayed(value: boolean, ms: number): boolean {
  const [long, setLong] = useState(false);
  useEffect(() => {
    if (!value) {
      setLong(false);
      return;
    }
    const timer = setTimeout(() => setLong(true), ms);
    return () => clearTimeout(timer);
  }, [value, ms]);
  return value && long;
}
