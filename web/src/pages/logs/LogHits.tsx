import { Button, CloseButton, UnstyledButton } from '@mantine/core';
import { plainText } from '@/lib/ansi';
import { plural } from '@/lib/format';
import css from './LogPanel.module.css';
import type { LogTarget } from './logApi';
import { marked } from './marked';
import { useLogSearch } from './useLogSearch';

interface LogHitsProps {
  target: LogTarget;
  text: string;
  open: (offset: number) => void;
  close: () => void;
}

export function LogHits({ target, text, open, close }: LogHitsProps) {
  const query = useLogSearch(target, text);
  const hits = query.data?.pages.flatMap((page) => page.items) ?? [];
  return (
    <section className={css.hits} aria-label={`Lines with ${text}`}>
      <div className={css.hitsHead}>
        <strong role="status">
          {query.isPending ? 'Searching…' : `${plural(hits.length, 'line')}${query.hasNextPage ? ' so far' : ''}`}
        </strong>
        {query.hasNextPage && (
          <Button
            variant="subtle"
            size="compact-xs"
            loading={query.isFetchingNextPage}
            onClick={() => void query.fetchNextPage()}
          >
            Search on
          </Button>
        )}
        <CloseButton size="sm" aria-label="End the search" onClick={close} />
      </div>
      <ul>
        {hits.map((hit) => (
          <li key={hit.offset}>
            <UnstyledButton className={css.hit} onClick={() => open(hit.offset)}>
              {marked(plainText(hit.text), text).map((part, index) =>
                // biome-ignore lint/suspicious/noArrayIndexKey: the parts of a line don't move
                part.hit ? <mark key={index}>{part.text}</mark> : part.text,
              )}
            </UnstyledButton>
          </li>
        ))}
      </ul>
    </section>
  );
}
