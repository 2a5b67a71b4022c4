import { useRef } from 'react';
import { CopyButton } from '@/ui/CopyButton';
import css from './Suggestion.module.css';

/** A `late_data` section to paste into the pipeline file. */
export function Suggestion({ text }: { text: string }) {
  const code = useRef<HTMLPreElement>(null);
  return (
    <div className={css.suggestion}>
      <pre ref={code}>{text}</pre>
      <CopyButton text={text} label="Copy" target={() => code.current} />
    </div>
  );
}
