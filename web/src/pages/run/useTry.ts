import { useSearchParams } from 'react-router';
import type { Run, Try } from '@/api/types';

/** The try that the address names, else the newest. */
export function useTry(run: Run): { chosen: Try | undefined; choose: (number: number) => void } {
  const [params, setParams] = useSearchParams();
  const wanted = Number(params.get('try'));
  const chosen = run.tries.find((one) => one.number === wanted) ?? run.tries.at(-1);
  const choose = (number: number) => {
    const next = new URLSearchParams(params);
    next.set('try', String(number));
    next.delete('attempt');
    setParams(next, { replace: true });
  };
  return { chosen, choose };
}
