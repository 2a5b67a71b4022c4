import css from './Definition.module.css';

/** The text of a pipeline file with its line numbers; marked lines have a warning. */
export function Definition({ text, marked }: { text: string; marked?: ReadonlySet<number> }) {
  const lines = text.replace(/\n$/, '').split('\n');
  return (
    <section className={css.code} aria-label="Pipeline file" tabIndex={0}>
      <pre>
        {lines.map((line, index) => (
          // biome-ignore lint/suspicious/noArrayIndexKey: a line is known by its number
          <span key={index} className={css.line} data-marked={marked?.has(index + 1) || undefined}>
            <span className={css.number} aria-hidden="true">
              {index + 1}
            </span>
            {line}
            {'\n'}
          </span>
        ))}
      </pre>
    </section>
  );
}
