import { Button } from '@mantine/core';
import { useState } from 'react';

/** Copies a text; where the browser has no clipboard (no TLS), the text is selected instead. */
export function CopyButton({
  text,
  label,
  target,
}: {
  text: string;
  label: string;
  target?: () => HTMLElement | null;
}) {
  const [done, setDone] = useState<'copied' | 'selected' | null>(null);
  const copy = async () => {
    try {
      await navigator.clipboard.writeText(text);
      setDone('copied');
    } catch {
      const element = target?.();
      if (element) window.getSelection()?.selectAllChildren(element);
      setDone('selected');
    }
    setTimeout(() => setDone(null), 3000);
  };
  const words = done === 'copied' ? 'Copied' : done === 'selected' ? 'Selected: press Ctrl-C' : label;
  return (
    <Button variant="default" onClick={() => void copy()}>
      <span aria-live="polite">{words}</span>
    </Button>
  );
}
