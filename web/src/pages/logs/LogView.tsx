import { useVirtualizer } from '@tanstack/react-virtual';
import { type KeyboardEvent, useEffect, useLayoutEffect, useRef, type WheelEvent } from 'react';
import { LogLine } from './LogLine';
import css from './LogView.module.css';
import { countOf, firstOf, lineAt, startOf } from './logWindow';
import type { Log } from './useLog';

interface LogViewProps {
  log: Log;
  wrap: boolean;
  search: string;
  follow: boolean;
  setFollow: (follow: boolean) => void;
  /** The line that a search led to is at the top of the window that was opened for it. */
  hit: boolean;
}

const lineHeight = 18;
const nearEnd = 200;
const keysUp = new Set(['ArrowUp', 'PageUp', 'Home']);

/** The lines in view, of those in the window; asks for more near its ends, and stays at the end while it follows. */
export function LogView({ log, wrap, search, follow, setFollow, hit }: LogViewProps) {
  const scroller = useRef<HTMLElement>(null);
  const { window, opened, before, after } = log;
  const count = countOf(window);
  const first = firstOf(window);
  const virtualizer = useVirtualizer({
    count,
    getScrollElement: () => scroller.current,
    estimateSize: () => lineHeight,
    getItemKey: (index) => first + index,
    overscan: 20,
  });
  useStay(first, opened, virtualizer, follow, hit);

  // biome-ignore lint/correctness/useExhaustiveDependencies: whenever lines were added
  useEffect(() => {
    if (follow && count > 0) virtualizer.scrollToIndex(count - 1, { align: 'end' });
  }, [follow, count, opened]);

  const items = virtualizer.getVirtualItems();
  const top = items[0]?.index ?? 0;
  const bottom = items.at(-1)?.index ?? 0;
  useEffect(() => {
    if (count === 0) return;
    if (top < nearEnd) before();
    if (bottom > count - nearEnd) after();
  }, [top, bottom, count, before, after]);

  const leaveEnd = () => {
    const element = scroller.current;
    if (follow && element && element.scrollHeight > element.clientHeight) setFollow(false);
  };
  // What the reader means counts at once: by the time the view has moved, new lines may have moved it back.
  const onWheel = (event: WheelEvent) => {
    if (event.deltaY < 0) leaveEnd();
  };
  const onKeyDown = (event: KeyboardEvent) => {
    if (keysUp.has(event.key)) leaveEnd();
  };
  const onScrolled = () => {
    const element = scroller.current;
    if (!element) return;
    const atEnd = element.scrollHeight - element.scrollTop - element.clientHeight < lineHeight * 2;
    if (!atEnd) leaveEnd();
  };
  const numbered = startOf(window) === 0;
  return (
    <section
      ref={scroller}
      className={css.view}
      aria-label="Log"
      tabIndex={0}
      onWheel={onWheel}
      onKeyDown={onKeyDown}
      onPointerUp={onScrolled}
      onTouchEnd={onScrolled}
    >
      <div className={css.lines} style={{ height: virtualizer.getTotalSize() }}>
        {items.map((item) => (
          <div
            key={item.key}
            ref={wrap ? virtualizer.measureElement : undefined}
            data-index={item.index}
            data-hit={(hit && first + item.index === 0) || undefined}
            className={wrap ? css.wrapped : css.line}
            style={{ transform: `translateY(${item.start}px)` }}
          >
            {numbered && <span className={css.number}>{item.index + 1}</span>}
            <LogLine text={lineAt(window, item.index)} search={search} />
          </div>
        ))}
      </div>
    </section>
  );
}

type Virtualizer = ReturnType<typeof useVirtualizer<HTMLElement, Element>>;

/** Keeps the lines where they are when some are put before them, or let go. */
function useStay(first: number, opened: number, virtualizer: Virtualizer, follow: boolean, hit: boolean) {
  const was = useRef({ first, opened });
  useLayoutEffect(() => {
    const before = was.current;
    was.current = { first, opened };
    if (before.opened !== opened) {
      if (!follow) virtualizer.scrollToOffset(0);
      return;
    }
    const moved = before.first - first;
    if (moved === 0 || follow) return;
    if (hit && before.first === 0) virtualizer.scrollToIndex(moved, { align: 'center' });
    else virtualizer.scrollToOffset((virtualizer.scrollOffset ?? 0) + moved * lineHeight);
  }, [first, opened, virtualizer, follow, hit]);
}
