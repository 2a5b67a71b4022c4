import { useMutation, useQueryClient } from '@tanstack/react-query';
import { useToasts } from '@/ui/toasts';
import { type Action, type HowTo, perform } from './actions';
import { idempotencyKey } from './client';
import { asApiError } from './errors';
import { nothingTouched, refresh } from './invalidation';
import type { ActionResult } from './types';

interface Wish {
  action: Action;
  note?: string;
  confirmed?: string;
  /** Kept by dialogs, so that a second press can't do it twice. */
  key?: string;
}

/** Does an action, shows what happened with an undo where there is one, and asks again for what changed. */
export function useAction() {
  const queries = useQueryClient();
  const toasts = useToasts();

  const mutation = useMutation({
    mutationFn: ({ action, note, confirmed, key }: Wish) => {
      const how: HowTo = { key: key ?? idempotencyKey() };
      if (note) how.note = note;
      if (confirmed) how.confirmed = confirmed;
      return perform(action, how);
    },
    onSuccess: (result, { action }) => {
      const touched = nothingTouched();
      if ('pipeline' in action) touched.pipelines.add(action.pipeline);
      else touched.everything = true;
      for (const run of result.runs) touched.runs.add(run.run_id);
      refresh(queries, touched);
      toasts.show(toastOf(result, (id) => mutation.mutate({ action: { type: 'undo', action: id } })));
    },
    onError: (error) => {
      const { message, hint } = asApiError(error);
      toasts.show({ kind: 'error', text: message, detail: hint });
    },
  });
  return mutation;
}

function toastOf(result: ActionResult, undo: (id: number) => void) {
  const id = result.action_id;
  return {
    kind: 'done' as const,
    text: result.summary,
    detail: result.warnings.join(' ') || undefined,
    ...(result.undoable && id !== null ? { action: { label: 'Undo', run: () => undo(id) } } : {}),
  };
}
