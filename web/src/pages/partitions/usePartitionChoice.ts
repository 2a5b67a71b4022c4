import { useSearchParams } from 'react-router';

/** The partition that the address names. */
export function usePartitionChoice(): { chosen: string | null; choose: (key: string | null) => void } {
  const [params, setParams] = useSearchParams();
  const choose = (key: string | null) => {
    const next = new URLSearchParams(params);
    if (key === null) next.delete('partition');
    else next.set('partition', key);
    setParams(next, { preventScrollReset: true });
  };
  return { chosen: params.get('partition'), choose };
}
