import { memo } from 'react';
import { parseAnsi, type Span } from '@/lib/ansi';
import css from './LogView.module.css';
import { marked } from './marked';

/** A longer line is cut in the view; the download has it whole. */
const mostCharacters = 20_000;

export const LogLine = memo(function LogLine({ text, search }: { text: string; search: string }) {
  const cut = text.length > mostCharacters;
  return (
    <>
      {parseAnsi(cut ? text.slice(0, mostCharacters) : text).map((span, index) => (
        // biome-ignore lint/suspicious/noArrayIndexKey: the spans of a line don't move
        <SpanText key={index} span={span} search={search} />
      ))}
      {cut && <span className={css.cut}> … {text.length - mostCharacters} more characters</span>}
    </>
  );
});

function SpanText({ span, search }: { span: Span; search: string }) {
  const style = {
    ...(span.color ? { color: span.color } : {}),
    ...(span.background ? { backgroundColor: span.background } : {}),
    ...(span.bold ? { fontWeight: 700 } : {}),
    ...(span.dim ? { opacity: 0.75 } : {}),
    ...(span.italic ? { fontStyle: 'italic' } : {}),
    ...(span.underline ? { textDecoration: 'underline' } : {}),
  };
  return (
    <span style={style}>
      {marked(span.text, search).map((part, index) =>
        // biome-ignore lint/suspicious/noArrayIndexKey: the parts of a span don't move
        part.hit ? <mark key={index}>{part.text}</mark> : part.text,
      )}
    </span>
  );
}
